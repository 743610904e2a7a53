"""A backtest names exactly what would be decided otherwise, and never calls unknown what it could not decide same."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounts.models import User
from audit.records.capture import CaptureLevel
from governance.deciding import keys
from governance.services.replaying import backtest as backtests
from governance.services.replaying.backtest import Backtest, backtest, run_backtest
from governance.services.replaying.replay import NOT_CAPTURED, REDACTED, SEALED, UNREADABLE
from tests.governance.services.policies import policy, published
from tests.governance.services.recorded import Recorder

pytestmark = pytest.mark.django_db

GITHUB = "ghp_" + "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5"


def last_day(document: Any, **given: Any) -> Backtest:
    now = datetime.now(tz=UTC)
    return backtest(document, since=now - timedelta(days=1), until=now + timedelta(minutes=1), **given)


def with_deny(document: dict[str, Any], when: str, tool: str = "t0") -> Any:
    deny = {
        "id": "proposed", "effect": "deny", "subjects": {"everyone": True}, "entities": [f"tool:files/{tool}"],
        "when": when, "justification": "A proposal.",
    }  # fmt: skip
    return {**document, "rules": [*document["rules"], deny]}


def test_a_proposed_deny_lists_exactly_the_calls_that_it_would_have_stopped() -> None:
    User.objects.create_user("ann", roles=["analyst"])
    document = policy(agents={"reporter": {"owner": "ann"}})
    published(document)
    recorder = Recorder(document)
    stopped = {recorder.record("t0", {"path": f"/srv/secret/{number}"}, agent="reporter") for number in range(20)}
    for number in range(60):
        recorder.record("t0", {"path": f"/srv/open/{number}"})
        recorder.record("t1", {"path": f"/srv/secret/{number}"})
    recorder.store()
    told: list[tuple[int, int]] = []
    result = last_day(
        with_deny(document, "args.path.startsWith('/srv/secret/')"), progress=lambda done, of: told.append((done, of))
    )
    assert {flip.id for flip in result.flips} == stopped
    assert (result.total, result.same, result.flipped, sum(result.unknown.values())) == (140, 120, 20, 0)
    assert (result.by_rule, result.by_tool) == ({"proposed": 20}, {"files/t0": 20})
    assert result.by_agent == {"reporter": 20}
    assert {(flip.was, flip.now, flip.code) for flip in result.flips} == {("allow", "deny", "rule.deny")}
    assert told[-1] == (140, 140)


def test_a_policy_that_says_the_same_flips_nothing() -> None:
    document = policy(rules=20)
    published(document)
    recorder = Recorder(document)
    for number in range(100):
        recorder.record(f"t{number % 20}", {"amount": number})
    recorder.store()
    result = last_day(document)
    assert (result.same, result.flipped, result.unknown) == (100, 0, {})


def test_what_was_not_captured_is_unknown_and_never_the_same() -> None:
    document = policy()
    published(document)
    recorder = Recorder(document)
    recorder.record("t0", {"path": "/a"}, level=CaptureLevel.DIGEST)
    recorder.record("t0", {"path": "/a"}, level=CaptureLevel.NONE)
    recorder.record("t0", {"path": "x" * 20_000})
    recorder.record("t0", {})
    recorder.store()
    result = last_day(with_deny(document, "args.path == '/a'"))
    assert result.unknown == {NOT_CAPTURED: 3}
    assert result.flipped == 1, "without a path the condition cannot be evaluated, which denies"


def test_what_was_redacted_is_the_same_only_where_the_detectors_are() -> None:
    document = policy()
    published(document)
    recorder = Recorder(document)
    recorder.record("t0", {"text": f"token {GITHUB}"})
    recorder.store()
    assert last_day(with_deny(document, "false")).same == 1
    weaker = {**document, "detectors": {"off": ["github-token"]}}
    detector = next(iter(_names(weaker)), None)
    assert detector is not None
    assert last_day({**document, "detectors": {"off": [detector]}}).unknown == {REDACTED: 1}


def _names(document: dict[str, Any]) -> list[str]:
    """The detectors that find the token of these tests."""
    recorder = Recorder({key: value for key, value in document.items() if key != "detectors"})
    return [finding.detector for finding in recorder.snapshot.scanner.scan({"text": f"token {GITHUB}"}).findings]


def test_without_the_private_key_captured_calls_are_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    document = policy()
    published(document)
    recorder = Recorder(document)
    recorder.record("t0", {"path": "/a"})
    recorder.store()
    public = keys.capture_keys().public_only()
    monkeypatch.setattr(keys, "capture_keys", lambda: public)
    assert last_day(document).unknown == {SEALED: 1}


def test_a_record_that_cannot_be_read_is_unknown() -> None:
    document = policy()
    published(document)
    recorder = Recorder(document)
    recorder.record("t0", {"path": "/a"})
    whole = recorder.bodies[0]
    recorder.bodies += [whole.replace(b'"layers":[', b'"strata":['), whole.replace(b'"tier":50', b'"tier":51')]
    replayer = backtests._replayer(with_deny(document, "false"))
    result = run_backtest(replayer, iter([*recorder.bodies, whole[:-1]]), total=4)
    assert (result.total, result.unknown) == (4, {SEALED: 1, UNREADABLE: 3})


def test_a_result_holds_ids_and_counts_but_no_captured_value() -> None:
    document = policy()
    published(document)
    recorder = Recorder(document)
    recorder.record("t0", {"path": "/srv/payroll-of-ann"})
    recorder.store()
    assert "payroll" not in str(last_day(with_deny(document, "true")).as_json())


@pytest.mark.slow
def test_a_backtest_does_not_slow_down_with_its_length() -> None:
    document = policy(rules=100)
    published(document)
    recorder = Recorder(document)
    for number in range(5_000):
        recorder.record(f"t{number % 20}", {"amount": number % 300, "path": f"/srv/{number % 50}/report.csv"})
    recorder.store()
    replayer = backtests._replayer(with_deny(document, "args.amount > 250"))
    run_backtest(replayer, iter(recorder.bodies[:500]), total=500)
    rate = 0.0
    for _ in range(3):  # the best of three: what else runs on the machine is not ours
        started = time.process_time()
        result = run_backtest(replayer, iter(recorder.bodies), total=5_000)
        rate = max(rate, result.total / (time.process_time() - started))
        assert sum(result.unknown.values()) == 0
    print(f"{rate:.0f} decisions/s")
    assert rate >= 500, f"{rate:.0f} decisions/s: something grows that must not"
