"""A question's body: who would ask, for what, by which policy, and when."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import orjson

from governance.api.door.body import caller_id, field, only_known, strings
from governance.api.door.exchange import Problem
from governance.api.door.requests import read_call
from governance.deciding.runtime import Runtime
from governance.engine.asking.posed_caller import PosedCaller, described
from governance.engine.call import Call, EntityKind
from governance.engine.compiled.snapshot import Snapshot
from governance.engine.principal import TIERS, Caller, DirectoryEntry, PrincipalKind
from governance.engine.world import World
from governance.policy.document.moments import seconds
from governance.selectors.past import release_at, world_at
from governance.selectors.policy_versions import Reference, Which, asked_version

PRINCIPAL_FIELDS = frozenset({"kind", "tier", "roles", "groups", "departments", "owner"})
MOST_HELD = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The policy and the world that a question is about, at `now` (seconds UTC)."""

    snapshot: Snapshot
    world: World
    now: float


def read_asked(runtime: Runtime, body: dict[str, Any], *, policy: Reference | None = None) -> Asked:
    """What `policy` (or the body's) and `at` of a question mean; a past time means the release of that time."""
    at = _at(body)
    said = policy if policy is not None else _policy(body)
    if at is None:
        return Asked(snapshot=asked_version(said).snapshot, world=runtime.world, now=time.time())
    if said is Which.CURRENT:
        number = release_at(at)
        if number is None:
            raise Problem(404, "release.unknown", "Nothing was in force at that time.", path="/at")
        said = number
    world = world_at(at, runtime.world.directory)
    return Asked(snapshot=asked_version(said).snapshot, world=world, now=at)


def read_caller(body: dict[str, Any], asked: Asked) -> Caller:
    """Who would ask: a principal's id, `anonymous`, or one described on the spot; through an agent if one is named."""
    agent = caller_id(body, "agent")
    audience = body.get("audience")
    if audience is not None and (not isinstance(audience, str) or len(audience) > 500):
        raise Problem(400, "field.type", "This field must be a string.", path="/audience")
    said = body.get("principal")
    principal = _described(said) if isinstance(said, dict) else caller_id(body, "principal")
    if principal is None:
        raise Problem(400, "field.missing", "A principal's id, or one described on the spot.", path="/principal")
    return PosedCaller(principal=principal, agent=agent, audience=audience).caller(asked.world.directory)


def read_asked_call(body: dict[str, Any]) -> Call:
    """The call: `{server, tool, arguments…}`, or `{entity: "skill:summarize"}`."""
    said = field(body, "call", dict)
    if "entity" in said:
        only_known(said, frozenset({"entity"}), "/call")
        return entity_call(field(said, "entity", str, path="/call"), "/call/entity")
    return read_call(said, size=len(orjson.dumps(said.get("arguments", {}))), path="/call")[0]


def entity_call(said: str, path: str) -> Call:
    """A call of an entity without arguments, `kind:id`."""
    kind, _, name = said.partition(":")
    if kind not in EntityKind.__members__.values() or not name or len(name) > 260:
        raise Problem(400, "field.format", f"kind:id, the kind one of {', '.join(EntityKind)}.", path=path)
    return Call(kind=EntityKind(kind), entity=name)


def _described(said: dict[str, Any]) -> DirectoryEntry:
    path = "/principal"
    only_known(said, PRINCIPAL_FIELDS, path)
    if field(said, "kind", str, path=path, default="user") not in PrincipalKind.__members__.values():
        raise Problem(400, "field.value", f"One of {', '.join(PrincipalKind)}.", path=f"{path}/kind")
    if field(said, "tier", str, path=path, default="user") not in TIERS:
        raise Problem(400, "field.value", f"One of {', '.join(TIERS)}.", path=f"{path}/tier")
    caller_id(said, "owner", path=path)
    for name in ("roles", "groups", "departments"):
        strings(said, name, most=MOST_HELD, path=path)
    return described(said)


def _policy(body: dict[str, Any]) -> Reference:
    said = body.get("policy", Which.CURRENT)
    if said in (Which.CURRENT, Which.DRAFT):
        return Which(said)
    if type(said) is int and 0 < said < 2**53:
        return said
    raise Problem(400, "field.value", "`current`, `draft`, or the number of a release.", path="/policy")


def _at(body: dict[str, Any]) -> float | None:
    if body.get("at") is None:
        return None
    try:
        at = seconds(field(body, "at", str))
    except ValueError:
        raise Problem(400, "field.format", "Must be a timestamp such as 2026-06-01T12:00:00Z.", path="/at") from None
    if not 0 <= at <= time.time():
        raise Problem(400, "field.value", "Must lie in the past, after 1970.", path="/at")
    return at
