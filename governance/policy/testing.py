"""A policy's own tests, run against that policy: no database, no journal, nothing left from the test before.

Each test has fresh buckets, no approvals, no switches, and state that was confirmed just now. Hooks are not run
unless a runner is handed in; a call that would ask finds no approval.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from governance.engine.asking.explain import Explanation, explain
from governance.engine.asking.posed_caller import PosedCaller, described
from governance.engine.call import Call, Door, EntityKind, Json, Labels
from governance.engine.compiled.compilation import compile_snapshot
from governance.engine.compiled.snapshot import EngineKeys
from governance.engine.deciding.driver import StandIn, passing_hooks, run
from governance.engine.deciding.pipeline import decide
from governance.engine.decision import Decision
from governance.engine.document.policy import PolicyDocument
from governance.engine.document.rules import CallFields, CaseFields
from governance.engine.need import HookRuns, NeedHooks
from governance.engine.principal import DirectoryEntry
from governance.engine.world import World
from governance.policy.document.codec import canonical_json, digest
from governance.policy.document.moments import seconds

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
    hooks: HookRunner = passing_hooks,
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
            name: described(fields) for name, fields in document.get("principals", {}).items()
        }

    def run(self, test: CaseFields, *, now: float, hooks: HookRunner = passing_hooks) -> CaseResult:
        """One test in its document form."""
        at = seconds(test["at"]) if "at" in test else now
        who = test["principal"]
        posed = PosedCaller(
            principal=who if isinstance(who, str) else described(who),
            agent=test.get("agent"),
            audience=test.get("audience"),
        )
        decision = self.decide(posed, test["call"], at=at, hooks=hooks)
        got: dict[str, Json] = {
            "decision": decision.effect.value,
            "layer": decision.layer,
            "code": decision.code,
            "rule": decision.rule,
        }
        return CaseResult(name=test["name"], expected=test["expect"], got=got)

    def decide(self, posed: PosedCaller, call: CallFields, *, at: float, hooks: HookRunner = passing_hooks) -> Decision:
        """The true decision on a call in the form that a test gives it, at `at` epoch seconds."""
        caller = posed.caller(self.directory)
        return run(decide(self.snapshot, self._world(at), caller, _call(call), now=at), StandIn(hooks=hooks))

    def explain(self, posed: PosedCaller, call: CallFields, *, at: float) -> Explanation:
        """Why a call in the form that a test gives it is decided so, at `at` epoch seconds."""
        return explain(self.snapshot, self._world(at), posed.caller(self.directory), _call(call), now=at)

    def _world(self, at: float) -> World:
        return World(confirmed_at=at, directory=self.directory)


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
