"""Every kind of credential at the served doors: whose names the record keeps, and which rate tier pays."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import orjson
import pytest

from accounts.credentials.agent_key import KeyEntry, make_key
from accounts.credentials.proxy import (
    NONCE,
    PERMISSIONS,
    SIGNATURE,
    TIMESTAMP,
    USER,
    VERIFIED,
    MemoryNonces,
    TrustedProxy,
    sign,
)
from accounts.directory.live import Called
from accounts.tokens.claims import ActLink
from accounts.tokens.issue import Grant, Issuer, Subject
from governance.deciding.limits.budget_store import MemoryStore
from governance.deciding.limits.limits import charges_of
from governance.engine.budget import BudgetVerdict, Charge, MemoryBudgets, Quota, Window
from governance.engine.compiled.compilation import limits_of
from governance.engine.document.policy import PolicyDocument
from governance.engine.need import NeedBuckets
from governance.engine.principal import RATE_TIERS, Tier, rate_tier_of
from tests.governance.api.deciding import DIGESTS, ISSUER, RING, Answered, Process, compiled

LOOK = {"server": "open", "tool": "look"}
HOOK = {
    "hook_event_name": "PreToolUse", "session_id": "s-9", "cwd": "/srv", "transcript_path": "/tmp/t.jsonl",
    "tool_name": "mcp__open__look", "tool_input": {}, "tool_use_id": "t-1",
}  # fmt: skip
EVALUATION = {
    "subject": {"type": "user", "id": "alice"}, "action": {"name": "tools/call"},
    "resource": {"type": "tool", "id": "open/look"},
}  # fmt: skip
DOCUMENT: PolicyDocument = {
    "toolgate": 1,
    "agents": {"reporter": {"name": "Reporter", "owner": "alice"}},
    "servers": {
        "open": {"managed_on_clients": True, "scopes": ["anonymous"], "tools": {"look": {"scopes": ["anonymous"]}}}
    },
    "rules": [{"id": "all", "effect": "allow", "subjects": {"everyone": True}, "entities": ["tool:open/look"]}],
}
"""A tool that everybody may call, at whatever tier."""
NAMED = {"alice": Called("Alice Ames", "alice@example.org"), "carol": Called("Carol Cole", "")}

Ask = Callable[..., Answered]


@pytest.fixture
def process(process: Process) -> Process:
    process.runtime.snapshot = compiled(DOCUMENT)
    change(process, named=NAMED)
    return process


def change(process: Process, **fields: Any) -> None:
    directory = process.runtime.directory
    directory.state = replace(directory.state, generation=directory.state.generation + 1, **fields)


def a_key(process: Process, principal: str = "alice", **fields: Any) -> str:
    made = make_key(DIGESTS)
    entry = KeyEntry(
        public_id=made.public_id, digest=made.digest, digest_key_id=made.digest_key_id, agent="reporter",
        principal=principal, audiences=frozenset({"api", "hook"}), **fields,
    )  # fmt: skip
    change(process, keys={made.public_id: entry})
    return made.key


def by_token(process: Process, *scopes: str) -> Answered:
    token = process.token("alice", agent="reporter", scope=scopes)
    return process.post("/api/v1/decisions", token=token, body=LOOK)


def by_key(process: Process, *scopes: str) -> Answered:
    key = a_key(process, scopes=frozenset(scopes))
    return process.post("/api/v1/decisions", token=key, body=LOOK)


def by_proxy(process: Process, *scopes: str) -> Answered:
    body = orjson.dumps(LOOK)
    process.runtime.proxy = TrustedProxy(networks=(ip_network("127.0.0.0/8"),), key=b"k" * 32, nonces=MemoryNonces())
    values = {
        TIMESTAMP: str(int(time.time())), NONCE: "n" * 20, VERIFIED: "true", USER: "alice",
        PERMISSIONS: " ".join(scopes),
    }  # fmt: skip
    signature = sign(b"k" * 32, values, method="POST", target=b"/api/v1/decisions", body=body)
    headers = {name.decode(): value for name, value in {**values, SIGNATURE: signature}.items()}
    return process.post("/api/v1/decisions", raw=body, headers=headers)


def by_hook(process: Process, *scopes: str) -> Answered:
    token = process.token("alice", agent="reporter", audience="hook", scope=scopes)
    return process.post("/hooks/claude-code", token=token, body=HOOK)


def by_hook_key(process: Process, *scopes: str) -> Answered:
    return process.post("/hooks/claude-code", token=a_key(process, scopes=frozenset(scopes)), body=HOOK)


def by_authzen(process: Process, *scopes: str) -> Answered:
    token = process.token("alice", agent="reporter", scope=scopes)
    return process.post("/access/v1/evaluation", token=token, body=EVALUATION)


EVERY: tuple[Callable[..., Answered], ...] = (by_token, by_key, by_proxy, by_hook, by_hook_key, by_authzen)
every_credential = pytest.mark.parametrize("ask", EVERY)


def who_of(process: Process) -> dict[str, Any]:
    [*_, last] = (record["who"] for record in process.records() if record["kind"] == "decision")
    found: dict[str, Any] = last
    return found


# --- Names


@every_credential
def test_a_record_has_the_directorys_name_and_address_whatever_the_credential(process: Process, ask: Ask) -> None:
    assert ask(process).status == 200
    names = who_of(process)["names"]
    assert (names["principal"], names["email"]) == ("Alice Ames", "alice@example.org")
    assert names.get("agent") == ("Reporter" if "agent" in who_of(process) else None)


@every_credential
def test_no_name_is_made_up_for_whom_the_directory_does_not_name(process: Process, ask: Ask) -> None:
    change(process, named={})
    assert ask(process).status == 200
    assert {"principal", "email", "owner"}.isdisjoint(who_of(process).get("names", {}))


def test_a_name_in_a_token_counts_for_nothing(process: Process) -> None:
    subject = Subject(id="alice", epoch=1, user_type="user", rate_limit_tier="user", username="Mallory")
    token = Issuer(ring=RING, issuer=ISSUER).issue(subject, Grant(session="s-1"), now=time.time()).token
    process.post("/api/v1/decisions", token=token, body=LOOK)
    assert who_of(process)["names"] == {"principal": "Alice Ames", "email": "alice@example.org"}
    change(process, named={})
    process.post("/api/v1/decisions", token=token, body=LOOK)
    assert "names" not in who_of(process)


def test_a_subject_that_the_directory_does_not_hold_has_no_name(process: Process) -> None:
    subject = Subject(id="ghost", epoch=1, user_type="user", rate_limit_tier="user", username="Ghost")
    token = Issuer(ring=RING, issuer=ISSUER).issue(subject, Grant(session="s-1"), now=time.time()).token
    assert process.post("/api/v1/decisions", token=token, body=LOOK).json["code"] == "principal.unknown"
    assert "names" not in who_of(process)


def test_a_new_name_is_in_the_next_record_and_the_token_stays_good(process: Process) -> None:
    token = process.token("alice", agent="reporter")
    process.post("/api/v1/decisions", token=token, body=LOOK)
    change(process, named={"alice": Called("Alice Baker", "")})
    assert process.post("/api/v1/decisions", token=token, body=LOOK).status == 200
    assert who_of(process)["names"] == {"principal": "Alice Baker", "agent": "Reporter"}


def test_a_service_is_recorded_with_its_owners_name(process: Process) -> None:
    change(process, named={**NAMED, "nightly": Called("Nightly close", "")})
    process.decide("nightly", LOOK, agent="reporter")
    owner = process.runtime.directory.state.principals["nightly"].owner
    assert owner is not None
    assert who_of(process)["names"] == {
        "principal": "Nightly close", "owner": NAMED[owner].name, "agent": "Reporter"
    }  # fmt: skip


def test_every_link_of_a_chain_has_its_names(process: Process) -> None:
    act = (ActLink(sub="carol", agent="reporter"), ActLink(agent="reporter"), ActLink(sub="ghost"))
    token = process.token("alice", agent="reporter", act=act)
    process.post("/api/v1/decisions", token=token, body=LOOK)
    who = who_of(process)
    assert who["names"]["principal"] == "Alice Ames"
    assert [link.get("names") for link in who["links"]] == [
        None, {"principal": "Carol Cole", "agent": "Reporter"}, {"agent": "Reporter"}, None,
    ]  # fmt: skip


def test_whom_an_enforcement_point_asks_about_has_their_own_name_and_so_has_the_asker(process: Process) -> None:
    token = process.token("carol", scope=("admin", "pep"), pep_subjects=("alice",), pep_servers=("open",))
    process.post("/access/v1/evaluation", token=token, body=EVALUATION)
    assert who_of(process)["names"] == {
        "principal": "Alice Ames", "email": "alice@example.org", "asked_by": "Carol Cole",
    }  # fmt: skip


def test_a_name_changes_no_answer_that_is_remembered(process: Process) -> None:
    token = process.token("alice", agent="reporter")
    first = process.post("/api/v1/decisions", token=token, body={**LOOK, "call_id": "c-1"})
    change(process, named={})
    again = process.post("/api/v1/decisions", token=token, body={**LOOK, "call_id": "c-1"})
    assert (first.status, again.status) == (200, 200)


# --- Rate tiers


@pytest.fixture
def needs(process: Process, monkeypatch: pytest.MonkeyPatch) -> list[NeedBuckets]:
    """What layer 4 asked for, in the order of the calls; Alice is of the tier admin, so that there is much to lower."""
    be(process, Tier.ADMIN)
    found: list[NeedBuckets] = []
    spend = process.runtime.limits.spend

    def spending(need: NeedBuckets, *, now: float) -> Any:
        found.append(need)
        return spend(need, now=now)

    monkeypatch.setattr(process.runtime.limits, "spend", spending)
    return found


def be(process: Process, tier: Tier, **fields: Any) -> None:
    """Alice of another tier."""
    principals = dict(process.runtime.directory.state.principals)
    principals["alice"] = replace(principals["alice"], tier=tier)
    change(process, principals=principals, **fields)


@every_credential
@pytest.mark.parametrize("tier", list(Tier))
def test_a_credential_lowered_to_a_tier_spends_that_tiers_bucket(
    process: Process, needs: list[NeedBuckets], ask: Ask, tier: Tier
) -> None:
    assert ask(process, tier.word).status == 200
    [need] = needs
    assert (need.principal, need.rate_tier) == ("alice", rate_tier_of(tier.word))
    assert need.rate == limits_of({}).rates["mcp", rate_tier_of(tier.word)]


def test_several_lowered_credentials_of_one_principal_share_one_budget() -> None:
    """However many ways a principal's credential is lowered, its rate on a class is spent once."""
    need = NeedBuckets(
        principal="alice", rate_class="mcp", rate_tier="user", rate=0.02, burst=1.0, session=None, session_calls=1,
        session_window=1.0,
    )  # fmt: skip
    budgets = MemoryBudgets(buckets=8, windows=1)
    admitted = [budgets.admit(charges_of(replace(need, rate_tier=tier)), 100.0).admitted for tier in RATE_TIERS]
    assert admitted.count(True) == 1


@every_credential
def test_a_credential_that_is_not_lowered_spends_its_own_tiers(
    process: Process, needs: list[NeedBuckets], ask: Ask
) -> None:
    assert ask(process).status == 200
    assert [need.rate_tier for need in needs] == ["admin"]


@every_credential
def test_a_lower_tier_with_a_larger_factor_gives_nobody_more_than_their_own(
    process: Process, needs: list[NeedBuckets], ask: Ask
) -> None:
    be(process, Tier.USER)
    assert ask(process, "mcp").status == 200
    limits = limits_of({})
    assert limits.rates["mcp", "mcp"] > limits.rates["mcp", "user"]
    assert [(need.rate_tier, need.rate) for need in needs] == [("mcp", limits.rates["mcp", "user"])]


@every_credential
def test_a_rate_tier_set_apart_in_the_directory_holds_until_the_credential_is_lowered(
    process: Process, needs: list[NeedBuckets], ask: Ask
) -> None:
    be(process, Tier.USER, rate_tiers={"alice": "service"})
    ask(process)
    be(process, Tier.USER, rate_tiers={"alice": "service"})
    ask(process, "mcp")
    assert [need.rate_tier for need in needs] == ["service", "mcp"]


@pytest.mark.parametrize("claimed", [*sorted(RATE_TIERS), "platinum"])
def test_a_claimed_rate_tier_lowers_and_never_raises(process: Process, needs: list[NeedBuckets], claimed: str) -> None:
    be(process, Tier.USER)
    subject = Subject(id="alice", epoch=1, user_type="user", rate_limit_tier=claimed)
    token = Issuer(ring=RING, issuer=ISSUER).issue(subject, Grant(session="s-1"), now=time.time()).token
    assert process.post("/api/v1/decisions", token=token, body=LOOK).status == 200
    [need] = needs
    limits = limits_of({})
    assert need.rate_tier == {"admin": "user", "platinum": "anon"}.get(claimed, claimed)
    assert need.rate <= limits.rates["mcp", "user"]


def test_a_user_type_below_the_directorys_lowers_as_a_scope_does(process: Process, needs: list[NeedBuckets]) -> None:
    subject = Subject(id="alice", epoch=1, user_type="user", rate_limit_tier="admin")
    token = Issuer(ring=RING, issuer=ISSUER).issue(subject, Grant(session="s-1"), now=time.time()).token
    process.post("/api/v1/decisions", token=token, body=LOOK)
    assert [need.rate_tier for need in needs] == ["user"]


def test_an_enforcement_point_pays_at_its_own_lowered_tier_whoever_it_asks_about(
    process: Process, needs: list[NeedBuckets]
) -> None:
    token = process.token("carol", scope=("user", "pep"), pep_subjects=("alice",), pep_servers=("open",))
    assert process.post("/access/v1/evaluation", token=token, body=EVALUATION).status == 200
    assert [(need.principal, need.rate_tier) for need in needs] == [("carol", "user")]


class Watched(MemoryBudgets):
    """Budgets that note what was charged at the edge."""

    def __init__(self) -> None:
        super().__init__()
        self.quotas: list[Quota | Window] = []

    def admit(self, charges: Sequence[Charge], now: float) -> BudgetVerdict:
        self.quotas += [charge.measure for charge in charges if charge.code == "rate.edge"]
        return super().admit(charges, now)


@pytest.fixture
def edge(process: Process) -> list[Quota | Window]:
    store = process.runtime.budgets
    assert isinstance(store, MemoryStore)
    store.budgets = watched = Watched()
    return watched.quotas


@every_credential
def test_the_attempt_budget_is_that_of_the_lowered_tier(process: Process, edge: list[Quota | Window], ask: Ask) -> None:
    be(process, Tier.ADMIN)
    assert ask(process, "anonymous").status == 200
    anon = limits_of({}).rates["mcp", "anon"]
    assert edge == [Quota(2 * anon, 6 * anon)]


@every_credential
def test_the_attempt_budget_of_a_lower_tier_with_a_larger_factor_is_no_larger(
    process: Process, edge: list[Quota | Window], ask: Ask
) -> None:
    be(process, Tier.USER)
    ask(process, "mcp")
    user = limits_of({}).rates["mcp", "user"]
    assert edge == [Quota(2 * user, 6 * user)]
