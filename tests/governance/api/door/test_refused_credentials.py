"""What a bad credential costs and the record it leaves, at every door; and that it costs its neighbours nothing."""

from __future__ import annotations

import base64
import itertools
import time
from typing import Any

import orjson
import pytest

from accounts.guard.bans import MINUTE
from governance.api.views import OPEN_TO_ALL
from governance.deciding.limits import refusals
from governance.deciding.limits.limits import TooManyRequests
from governance.deciding.limits.refusals import NOTHING, Refusal, RefusedCredentials
from tests.governance.api.deciding import Process
from tests.governance.api.door.test_refusals import DOORS, HOOK, Door, ask, bearer
from tests.governance.api.management.clients import Office

IN_A_BURST = 15  # `oauth_auth` for anon: 5 a second, three times that at once
guarded_doors = pytest.mark.parametrize("door", [door for door in DOORS if door.name not in OPEN_TO_ALL], ids=str)


def part(content: Any) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(content)).rstrip(b"=").decode()


def forged(number: int = 0, *, subject: str = "alice", kid: str = "t1") -> str:
    """A token that nobody signed."""
    claims = {"iss": "http://127.0.0.1:8000", "sub": subject, "jti": f"j{number}", "aud": "api"}
    return f"{part({'alg': 'HS256', 'kid': kid})}.{part(claims)}.{part({'signature': number})}"


def refused_records(process: Process) -> list[dict[str, Any]]:
    return [record["data"] for record in process.records() if record["kind"] == "authentication"]


@guarded_doors
def test_forged_credentials_are_soon_told_to_wait_and_a_valid_one_beside_them_never(office: Office, door: Door) -> None:
    valid = bearer(office, door)
    began = time.monotonic()
    told = [ask(office.process, door, {"authorization": f"Bearer {forged(number)}"}) for number in range(60)]
    most = IN_A_BURST + 5 * (time.monotonic() - began) + 1
    bad, waits = ([answer for answer in told if code in answer.body] for code in (b"token.signature", b"rate.edge"))
    assert len(bad) + len(waits) == 60
    assert len(bad) <= most
    assert waits
    if door.name != HOOK:
        assert {answer.status for answer in waits} == {429}
        assert all(int(answer.headers["retry-after"]) >= 1 for answer in waits)
    answered = ask(office.process, door, {"authorization": valid})
    assert b"rate.edge" not in answered.body
    assert answered.status not in (401, 429)


def test_three_thousand_forged_tokens_get_the_answers_of_a_budget(process: Process) -> None:
    tokens = [process.token("alice", agent="reporter", session=f"s-{number}") for number in range(30)]
    began = time.monotonic()
    statuses = []
    for number in range(3_000):
        statuses.append(process.get("/api/v1/me", token=forged(number)).status)
        if number % 100 == 0:  # never seen before, each of them
            assert process.get("/api/v1/me", token=tokens[number // 100]).status == 200
    assert statuses.count(401) <= IN_A_BURST + 5 * (time.monotonic() - began) + 1
    assert set(statuses) == {401, 429}
    assert len(refused_records(process)) == 10


@pytest.mark.parametrize("credential", ["Basic YTpi", "Bearer tg_nosuchkey", "Bearer x", ""])
def test_every_kind_of_bad_credential_and_none_at_all_costs(process: Process, credential: str) -> None:
    headers = {"authorization": credential} if credential else {}
    assert [process.get("/api/v1/me", headers=headers).status for _ in range(40)][-1] == 429


def test_a_request_without_a_credential_is_charged_and_no_record(process: Process) -> None:
    assert process.get("/api/v1/me").status == 401
    assert refused_records(process) == []


def test_a_refused_credential_is_a_record_of_code_key_network_and_who_it_claims_to_be(process: Process) -> None:
    process.get("/api/v1/me", token=forged())
    (said,) = refused_records(process)
    assert said == {
        "action": "credential.refused",
        "status": "failed",
        "method": "token",
        "network": "127.0.0.0/24",
        "reason": "token.signature",
        "audience": "api",
        "detail": said["detail"],
    }
    assert orjson.loads(said["detail"]) == {"count": 1, "kid": "t1", "unverified_subject": "alice"}


def test_a_token_past_its_time_is_a_record_too(process: Process) -> None:
    process.get("/api/v1/me", token=process.token("alice", audience="hook"))
    (said,) = refused_records(process)
    assert said["reason"] == "token.audience"
    assert orjson.loads(said["detail"])["unverified_subject"] == "alice"


def test_ten_are_recorded_singly_then_counted_and_the_rest_is_told_at_the_end(process: Process) -> None:
    for number in range(25):
        process.get("/api/v1/me", token=forged(number))
    process.runtime.tell_refusals(time.time())
    assert len(refused_records(process)) == 10
    process.runtime.tell_refusals(time.time() + MINUTE)
    process.get("/api/v1/me", token=forged(25))
    process.runtime.tell_refusals(time.time() + MINUTE, all_of_it=True)
    counts = [orjson.loads(said["detail"])["count"] for said in refused_records(process)]
    assert counts == [1] * 10 + [15, 1]


def test_proxies_not_believed_are_counted_to_the_end_as_well(process: Process) -> None:
    alarms: list[Any] = []
    process.runtime.alarm = lambda code, detail: alarms.append((code, detail["count"]))
    for _ in range(12):
        process.get("/api/v1/me", headers={"x-proxy-verified": "true", "x-user-id": "carol"})
    process.runtime.tell_refusals(time.time(), all_of_it=True)
    assert alarms == [("proxy.refused", 1)] * 10 + [("proxy.refused", 2)]


SECRETS = [
    "ghp_0123456789abcdefghijABCDEFGHIJ012345",
    "9f3c7be1d20a5846",
    "deadbeef" * 8,
    "AKIAIOSFODNN7EXAMPLE",
    "x" * 4_000,
    "a\nb",
]


@pytest.mark.parametrize("secret", SECRETS)
def test_no_record_ever_holds_what_could_be_a_credential(process: Process, secret: str) -> None:
    for token in (forged(subject=secret), forged(kid=secret), secret.strip(), f"{forged()}.{secret.strip()}"):
        process.get("/api/v1/me", headers={"authorization": f"Bearer {token}"} if token.isprintable() else {})
    process.get("/api/v1/me", headers={"authorization": "Bearer tg_0123456789abcdef_" + "s" * 43})
    process.get("/api/v1/me", query=f"token={secret.strip()}")
    kept = b"".join(path.read_bytes() for path in process.runtime.journal.folder.glob("*.log"))
    assert len(refused_records(process)) >= 3
    for material in (secret.encode(), orjson.dumps(secret)[1:-1], forged().encode(), b"s" * 43):
        assert material not in kept
    assert b"0123456789abcdef_" not in kept


def test_a_second_persons_bad_token_is_a_bad_credential(office: Office) -> None:
    operator = office.person("operator")
    made = operator.post("/api/v1/switches", {"target": "all", "reason": "stop"})
    lift = f"/api/v1/switches/{made.json['id']}/lift"
    answers = [operator.post(lift, {"reason": "go", "second_token": forged(number)}) for number in range(40)]
    assert (answers[0].status, answers[0].json["code"]) == (403, "second.refused")
    assert answers[-1].status == 429
    assert refused_records(office.process)[0]["reason"] == "token.signature"


def test_another_network_pays_for_itself_and_what_is_held_of_networks_is_bounded(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusals, "NETWORKS", 50)
    runtime = process.runtime
    held = RefusedCredentials(journal=runtime.journal, limits=lambda: runtime.snapshot.limits)

    def refuse(peer: str) -> bool:
        try:
            held.refuse(Refusal(code="token.key", audience="api", peer=peer), lambda: NOTHING, now=0.0)
        except TooManyRequests:
            return False
        return True

    assert [refuse("203.0.113.9") for _ in range(16)] == [True] * 15 + [False]
    assert refuse("203.0.114.9")
    for first, second in itertools.product(range(20), range(20)):
        refuse(f"10.{first}.{second}.1")
    assert len(held._counts) == 50
    assert len(held._budgets.buckets) == 50
    assert not refuse("203.0.113.9")


def test_several_processes_divide_the_budget(process: Process) -> None:
    runtime = process.runtime
    held = RefusedCredentials(journal=runtime.journal, limits=lambda: runtime.snapshot.limits, among=3)
    refusal = Refusal(code="token.key", audience="api", peer="203.0.113.9")
    for _ in range(5):
        held.refuse(refusal, lambda: NOTHING, now=0.0)
    with pytest.raises(TooManyRequests):
        held.refuse(refusal, lambda: NOTHING, now=0.0)
