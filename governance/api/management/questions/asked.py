"""The policy and the world that a question is about."""

from __future__ import annotations

import time
from dataclasses import dataclass

from governance.api.door.exchange import Problem
from governance.deciding.runtime import Runtime
from governance.engine.compiled.snapshot import Snapshot
from governance.engine.world import World
from governance.selectors.past import release_at, world_at
from governance.selectors.policy_versions import Reference, Which, asked_version


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The policy and the world that a question is about, at `now` (seconds UTC)."""

    snapshot: Snapshot
    world: World
    now: float


def asked_of(runtime: Runtime, *, policy: Reference, at: float | None = None) -> Asked:
    """What a question's policy and time mean; a past time means the release of that time."""
    if at is None:
        return Asked(snapshot=asked_version(policy).snapshot, world=runtime.world, now=time.time())
    if policy is Which.CURRENT:
        number = release_at(at)
        if number is None:
            raise Problem(404, "release.unknown", "Nothing was in force at that time.", path="/at")
        policy = number
    world = world_at(at, runtime.world.directory)
    return Asked(snapshot=asked_version(policy).snapshot, world=world, now=at)
