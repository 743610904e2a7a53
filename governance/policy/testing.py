"""A policy's own tests, run against that policy: no database, no journal, nothing left from the test before.

Each test has fresh buckets, no approvals, no switches, and state that was confirmed just now. Hooks are not run
unless a runner is handed in; a call that would ask finds no approval.
"""

from __future__ import annotations

import secrets
import time
from collections import ChainMap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from governance.engine.asking.explain import Explanation, explain
from governance.engine.call import Call, Door, EntityKind, Json, Labels
from governance.engine.compiled.compilation import compile_snapshot
from governance.engine.compiled.snapshot import EngineKeys
from governance.engine.deciding.pipeline import decide
from governance.engine.decision import Decision
from governance.engine.document.people import InlinePrincipalFields
from governance.engine.document.policy import PolicyDocument
from governance.engine.document.rules import CallFields, CaseFields
from governance.engine.need import Answer, Approval, Buckets, HookRun, HookRuns, Need, NeedBuckets, NeedHooks
from governance.engine.principal import (
    ANONYMOUS,
    TIERS,
    Caller,
    Directory,
    DirectoryEntry,
    Principal,
    PrincipalKind,
    Tier,
)
from governance.engine.world import World
from governance.policy.document.codec import canonical_json, digest
from governance.policy.document.moments import seconds

INLINE = "test:principal"
"""The id of a principal that a test describes on the spot; no slug, so that no rule can name it."""

HookRunner = Callable[[NeedHooks], HookRuns]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """What came of one test. `expected` is what it says; `got` always has decision, layer, code, rule, unmasked."""

    name: str
    expected: Mapping[str, Any]
    got: Mapping[str, Json]

    @property
    def passed(self) -> bool:
        """Whether everything that is expected came."""
        return all(self.got.get(key) == value for key, value in self.expected.items())

    def line(self) -> dict[str, Json]:
        """The result as `policy test --json` prints it."""
        return {"name": self.name, "pass": self.passed, "expected": dict(self.expected), "got": dict(self.got)}


def run_tests(
    document: PolicyDocument,
    *,
    now: float,
    hooks: HookRunner | None = None,
    only: Iterable[str] | None = None,
) -> list[CaseResult]:
    """Every test of a canonical document against it, by name; `only` narrows it to tests of these names.

    `now` is the clock of tests without `at`, in epoch seconds.
    """
    wanted = None if only is None else frozenset(only)
    bench = TestBench(document)
    return [
        bench.run(test, now=now, hooks=hooks)
        for test in document.get("tests", ())
        if wanted is None or test["name"] in wanted
    ]


class TestBench:
    """A compiled document and the directory of its principals, on which single calls can be tried."""

    __test__ = False  # for pytest, which takes the name for a test class

    def __init__(self, document: PolicyDocument) -> None:
        self.snapshot = compile_snapshot(
            document, release=0, digest=digest(document), keys=EngineKeys(fingerprint=secrets.token_bytes(32))
        )
        self.directory: dict[str, DirectoryEntry] = {
            name: _entry(fields) for name, fields in document.get("principals", {}).items()
        }

    def run(self, test: CaseFields, *, now: float, hooks: HookRunner | None = None) -> CaseResult:
        """One test in its document form."""
        at = seconds(test["at"]) if "at" in test else now
        decision = self.decide(
            principal=test["principal"],
            agent=test.get("agent"),
            audience=test.get("audience"),
            call=test["call"],
            at=at,
            hooks=hooks,
        )
        got: dict[str, Json] = {
            "decision": decision.effect.value,
            "layer": decision.layer,
            "code": decision.code,
            "rule": decision.rule,
        }
        return CaseResult(name=test["name"], expected=test["expect"], got=got)

    def decide(
        self,
        *,
        principal: str | InlinePrincipalFields,
        call: CallFields,
        at: float,
        agent: str | None = None,
        audience: str | None = None,
        hooks: HookRunner | None = None,
    ) -> Decision:
        """The true decision on a call in the form that a test gives it, at `at` epoch seconds."""
        world, caller = self._posed(principal=principal, agent=agent, audience=audience, call=call, at=at)
        steps = decide(self.snapshot, world, caller, _call(call), now=at, clock=time.perf_counter_ns)
        answer: Answer | None = None
        while True:
            try:
                need = steps.send(cast(Answer, answer))
            except StopIteration as end:
                return cast(Decision, end.value)
            answer = _answer(need, hooks)

    def explain(
        self,
        *,
        principal: str | InlinePrincipalFields,
        call: CallFields,
        at: float,
        agent: str | None = None,
        audience: str | None = None,
    ) -> Explanation:
        """Why a call in the form that a test gives it is decided so, at `at` epoch seconds."""
        world, caller = self._posed(principal=principal, agent=agent, audience=audience, call=call, at=at)
        return explain(self.snapshot, world, caller, _call(call), now=at)

    def _posed(
        self,
        *,
        principal: str | InlinePrincipalFields,
        agent: str | None,
        audience: str | None,
        call: CallFields,
        at: float,
    ) -> tuple[World, Caller]:
        directory: Directory = self.directory
        if not isinstance(principal, str) and principal.get("kind") != PrincipalKind.ANONYMOUS.value:
            directory = ChainMap({INLINE: _entry(principal)}, self.directory)
        caller = Caller(
            principal=_principal(principal, directory),
            agent=agent,
            audience=audience,
            client_id=call.get("context", {}).get("client_id"),
        )
        return World.of(confirmed_at=at, directory=directory), caller


def _answer(need: Need, hooks: HookRunner | None) -> Answer:
    if isinstance(need, NeedBuckets):
        open_bucket = need.rate > 0 and need.burst > 0
        return Buckets(principal=open_bucket, session=need.session is None or need.session_calls > 0)
    if isinstance(need, NeedHooks):
        if hooks is not None:
            return hooks(need)
        return HookRuns(runs=tuple(HookRun(hook=hook.id) for hook in need.hooks))
    return Approval(state="required")


def _entry(fields: Mapping[str, Any]) -> DirectoryEntry:
    return DirectoryEntry(
        kind=PrincipalKind(fields.get("kind", "user")),
        active=fields.get("status", "active") == "active",
        tier=TIERS[fields.get("tier", "user")],
        epoch=1,
        owner=fields.get("owner"),
        roles=frozenset(fields.get("roles", ())),
        groups=frozenset(fields.get("groups", ())),
        departments=frozenset(fields.get("departments", ())),
    )


def _principal(named: str | InlinePrincipalFields, directory: Directory) -> Principal:
    if not isinstance(named, str):
        if named.get("kind") == PrincipalKind.ANONYMOUS.value:
            return ANONYMOUS
        named = INLINE
    if named == ANONYMOUS.id:
        return ANONYMOUS
    entry = directory.get(named)
    if entry is None:
        return Principal(id=named, kind=PrincipalKind.USER, tier=Tier.ANONYMOUS, known=False, rate_tier="anon")
    return Principal(
        id=named,
        kind=entry.kind,
        tier=entry.tier,
        roles=entry.roles,
        groups=entry.groups,
        departments=entry.departments,
        active=entry.active,
        owner=entry.owner,
        rate_tier="anon" if entry.tier is Tier.ANONYMOUS else entry.tier.word,
    )


def _call(call: CallFields) -> Call:
    labels = Labels(**call.get("context", {}))
    arguments = call.get("arguments", {})
    kind, name = EntityKind.TOOL, f"{call.get('server')}/{call.get('tool')}"
    if "entity" in call:
        word, _, name = str(call["entity"]).partition(":")
        kind = EntityKind(word)
    return Call(
        kind=kind,
        entity=name,
        arguments=arguments,
        size=len(canonical_json(arguments)),
        data_sources=tuple(call.get("data_sources", ())),
        labels=labels,
        door=Door.TEST,
    )
