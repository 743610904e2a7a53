"""Builders of records and journals for the tests of this room and the fault tests."""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from audit.records.capture import Capture
from audit.records.decision_record import Inputs, Question, prepare_decision
from audit.records.kinds import Kind
from audit.records.record import Prepared, prepare
from audit.records.who import TokenRef, Who, links_of
from audit.writing.frames import NO_MAC, Frame, boot_key, check_macs, split_frames
from audit.writing.journal import Journal
from governance.engine.call import Call, Labels
from governance.engine.decision import LAYERS, Decision, Effect, LayerResult, Outcome
from governance.engine.principal import Caller, Principal, PrincipalKind, Tier

KEY = bytes(range(7, 39))
KID = "k1"
DIGEST = Capture(part={"level": "digest", "bytes": 13, "digest": f"k1:{'ab' * 32}"})


def key_for(kid: str) -> bytes:
    """The journal key of the tests."""
    if kid != KID:
        raise LookupError(kid)
    return KEY


def caller(principal: str = "alice", *, agent: str | None = "claude") -> Caller:
    who = Principal(
        id=principal,
        kind=PrincipalKind.USER,
        tier=Tier.USER,
        roles=frozenset({"analyst", "developer"}),
        departments=frozenset({"finance"}),
    )
    return Caller(principal=who, agent=agent, session_id="s-1")


def who(principal: str = "alice") -> Who:
    asking = caller(principal)
    return Who.principal(
        principal,
        kind="user",
        agent=asking.agent,
        session=asking.session_id,
        departments=asking.principal.departments,
        links=links_of(asking),
        names={"principal": principal.title()},
        token=TokenRef(iss="http://localhost", jti="j-1", kid="t1", sha256="ab" * 32),
    )


def decision(
    principal: str = "alice",
    *,
    effect: Effect = Effect.ALLOW,
    tool: str = "github/create_issue",
    arguments: Capture = DIGEST,
    **changes: Any,
) -> Prepared:
    """A decision of a usual size (about 1.5 kB)."""
    layers = tuple(LayerResult(layer=name, outcome=Outcome.PASS, nanos=1_500) for name in LAYERS)
    answer = Decision(effect=effect, layers=layers, rule="r1", matched=("r1",), release=4, digest="cd" * 32, **changes)
    return prepare_decision(
        who=who(principal),
        call=Call(entity=tool, arguments={"title": "x"}, size=13, labels=Labels(trace_id="t-1", session_id="c-1")),
        decision=answer,
        inputs=Inputs(now=1_763_764_984.123456, switch_epoch=3, engine="1", detectors="2026.1", micros=55),
        question=Question(call_id="call-1", request=f"k1:{'ef' * 32}"),
        arguments=arguments,
    )


def event(code: str = "test.event", **fields: Any) -> Prepared:
    return prepare(Kind.SECURITY_EVENT, who=Who.component("tests"), code=code, **fields)


def journal(folder: Path, **changes: Any) -> Journal:
    settings: dict[str, Any] = {"node": str(uuid.UUID(int=7)), "key": KEY, "kid": KID, "reserve": 0}
    return Journal(folder, **(settings | changes))


def frames_of(path: Path) -> list[Frame]:
    """Every frame of a segment, header first, macs checked."""
    frames = list(split_frames(path.read_bytes()))
    check_macs(boot_key(KEY, path.stem.rpartition("-")[0]), NO_MAC, frames)
    return frames


def bodies_of(folder: Path) -> list[dict[str, Any]]:
    """Every record in a journal folder, by file and position."""
    bodies = [orjson.loads(frame.json) for path in sorted(folder.glob("*.log")) for frame in frames_of(path)]
    return [body for body in bodies if "id" in body and "kind" in body]


def detail_of(body: Mapping[str, Any]) -> Any:
    return orjson.loads(body["data"]["detail"])


def unique(prefix: str = "p") -> str:
    """A name no other test has used: rows of the trail outlive their test."""
    return f"{prefix}-{os.urandom(6).hex()}"
