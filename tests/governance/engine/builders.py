"""Builders for the engine's tests: a policy in a line, a call in a line, and a driver that answers needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from governance.engine.call import Call, Door, EntityKind, Labels
from governance.engine.compiled.compilation import compile_snapshot
from governance.engine.compiled.snapshot import EngineKeys, Snapshot
from governance.engine.deciding.driver import passing_hooks, run
from governance.engine.deciding.pipeline import decide
from governance.engine.decision import Decision
from governance.engine.detection.finding import Finding, Scan
from governance.engine.need import Answer, Approval, Buckets, Need, NeedBuckets, NeedHooks
from governance.engine.principal import ANONYMOUS, Caller, DirectoryEntry, Principal, PrincipalKind, Tier
from governance.engine.world import Switch, World

NOW = 1_780_000_000.0
"""2026-05-28T20:26:40Z."""

KEYS = EngineKeys(fingerprint=b"k" * 32)
HOOK = {"id": "check", "event": "PreToolUse", "type": "command", "command": "check"}


class WordScanner:
    """Finds the word SECRET in any string, at any depth: layer 2 is about what a scan says, not about detectors."""

    def scan(self, value: Any) -> Scan:
        return Scan(findings=tuple(self._find(value, "")), complete="UNREADABLE" not in str(value))

    def _find(self, value: Any, path: str) -> list[Finding]:
        if isinstance(value, Mapping):
            return [finding for key, inner in value.items() for finding in self._find(inner, f"{path}/{key}")]
        if isinstance(value, list):
            return [finding for at, inner in enumerate(value) for finding in self._find(inner, f"{path}/{at}")]
        if isinstance(value, str) and "SECRET" in value:
            return [
                Finding(
                    detector="word",
                    path=path,
                    kind="word",
                    confidence="high",
                    fingerprint="0" * 32,
                    shadow="SHADOW" in value,
                )
            ]
        return []


class NoBlocklist:
    """Blocks nothing."""

    def match(self, kind: str, entity: str, arguments: Mapping[str, Any]) -> tuple[Any, ...]:
        return ()


def rule(id: str = "r", effect: str = "allow", **fields: Any) -> dict[str, Any]:
    """A rule for everyone and everything unless told otherwise; `except_` writes `except`."""
    made = {"id": id, "effect": effect, "subjects": {"everyone": True}, "entities": ["**"], "justification": "Because"}
    made.update({"except" if key == "except_" else key: value for key, value in fields.items()})
    return made


def policy(*rules: dict[str, Any], **keys: Any) -> dict[str, Any]:
    """A document with the server `files` (read, write, delete), one agent and the rules."""
    made: dict[str, Any] = {
        "toolgate": 1,
        "departments": {"finance": {}, "engineering": {}},
        "roles": {"analyst": {"max_sensitivity": "restricted"}},
        "servers": {"files": {"tools": {"read": {}, "write": {}, "delete": {}}}},
        "agents": {"reporter": {"owner": "alice"}},
        "rules": list(rules),
    }
    made.update(keys)
    return made


def compiled(document: Any, **hands: Any) -> Snapshot:
    """The document as a snapshot, with the word scanner and no blocklist unless others are handed in."""
    hands.setdefault("scanner", WordScanner())
    hands.setdefault("blocklist", NoBlocklist())
    return compile_snapshot(document, release=7, digest="d" * 64, keys=KEYS, **hands)


def principal(id: str = "alice", *, tier: str = "user", kind: str = "user", **fields: Any) -> Principal:
    """A principal; `anonymous` gives the one without a name."""
    if id == "anonymous":
        return ANONYMOUS
    sets: dict[str, Any] = {
        key: frozenset(fields.pop(key)) if key in fields else frozenset() for key in ("roles", "groups", "departments")
    }
    return Principal(id=id, kind=PrincipalKind(kind), tier=Tier[tier.upper()], **sets, **fields)


def caller(id: str = "alice", *, agent: str | None = None, chain: tuple[Any, ...] = (), **fields: Any) -> Caller:
    """A caller with this principal; `session_id` and `audience` go to the caller, the rest to the principal."""
    own = {key: fields.pop(key) for key in ("session_id", "audience", "client_id") if key in fields}
    return Caller(principal=principal(id, **fields), agent=agent, chain=chain, **own)


def call(entity: str = "files/read", *, door: str = "api", label: str | None = None, **arguments: Any) -> Call:
    """A call; keyword arguments are the tool's arguments. `skill:x` names another kind."""
    kind, colon, id = entity.partition(":")
    if not colon:
        kind, id = "tool", entity
    return Call(
        kind=EntityKind(kind),
        entity=id,
        arguments=arguments,
        door=Door(door),
        labels=Labels(agent_id=label),
    )


def directory(**people: Any) -> dict[str, DirectoryEntry]:
    """Directory entries by id: a tuple of departments, or None for somebody who is not active."""
    made = {"alice": ("finance",), **people}
    return {
        id: DirectoryEntry(
            kind=PrincipalKind.USER,
            active=departments is not None,
            tier=Tier.USER,
            epoch=1,
            departments=frozenset(departments or ()),
        )
        for id, departments in made.items()
    }


def world(*switches: Switch, age: float = 0.0, now: float = NOW, **people: Any) -> World:
    """A world confirmed `age` seconds ago."""
    return World.of(switches=switches, confirmed_at=now - age, directory=directory(**people))


class Driver:
    """Answers needs from what it was given and keeps what was asked for."""

    def __init__(self, *, buckets: Answer | None = None, runs: Answer | None = None, approval: Answer | None = None):
        self.needs: list[Need] = []
        self.buckets = buckets if buckets is not None else Buckets()
        self.runs = runs
        self.approval = approval if approval is not None else Approval(state="required")

    def answer(self, need: Need) -> Answer:
        self.needs.append(need)
        if isinstance(need, NeedBuckets):
            return self.buckets
        if isinstance(need, NeedHooks):
            return self.runs or passing_hooks(need)
        return self.approval


def decided(
    snapshot: Snapshot | dict[str, Any],
    who: Caller | None = None,
    what: Call | None = None,
    *,
    where: World | None = None,
    now: float = NOW,
    driver: Driver | None = None,
) -> Decision:
    """The decision on one call: alice reads a file unless told otherwise."""
    if isinstance(snapshot, dict):
        snapshot = compiled(snapshot)
    driver = driver or Driver()
    return run(
        decide(snapshot, where or world(now=now), who or caller(), what or call(), now=now, clock=lambda: 0),
        driver.answer,
    )


def outcomes(decision: Decision) -> dict[str, str]:
    """How each layer went, by name."""
    return {one.layer: one.outcome.value for one in decision.layers}
