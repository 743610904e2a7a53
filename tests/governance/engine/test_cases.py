"""The corpus in `tests/cases`: one case a line, each against the engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from governance.engine.call import Call
from governance.engine.decision import LAYERS, Outcome
from governance.engine.need import Approval, Buckets
from governance.engine.principal import Caller, Link
from governance.engine.world import Switch, SwitchKind
from tests.governance.engine.builders import (
    NOW,
    Driver,
    call,
    caller,
    compiled,
    decided,
    policy,
    principal,
    rule,
    world,
)

FOLDER = Path(__file__).parents[2] / "cases"
LAYER_OF = {
    "kill_switch": "kill_switch",
    "policy": "kill_switch",
    "secret": "secrets",
    "block": "blocklist",
    "rate": "rate_limit",
    "hook": "hooks",
    "approval": "approval",
}


class WordBlocklist:
    """Blocks `BLOCK-<kind>` in any string: layer 3 is about what a hit means, not about finding it."""

    def match(self, kind: str, entity: str, arguments: Mapping[str, Any]) -> tuple[Any, ...]:
        hits = []
        for key, value in arguments.items():
            for word in str(value).split():
                if word.startswith("BLOCK-"):
                    found = word.removeprefix("BLOCK-")
                    hits.append(SimpleNamespace(entry=f"{found}-entry", kind=found, path=f"/{key}", shadow=False))
        return tuple(hits)


def cases() -> Iterator[Any]:
    for path in sorted(FOLDER.glob("*.yaml")):
        loaded = yaml.safe_load(path.read_text())
        for case in loaded["cases"]:
            yield pytest.param(loaded["policy"], case, id=f"{path.stem}: {case['name']}")


def merged(base: dict[str, Any], case: dict[str, Any]) -> dict[str, Any]:
    document = policy(**{**base, **case.get("with", {})})
    document["rules"] = [rule(**fields(raw)) for raw in case.get("rules", document["rules"])]
    return document


def fields(raw: dict[str, Any]) -> dict[str, Any]:
    return {"except_" if key == "except" else key: value for key, value in raw.items()}


def asked(case: dict[str, Any]) -> tuple[Caller, Call]:
    who = dict(case.get("who", {}))
    chain = tuple(
        Link(agent=link.get("agent"), principal=principal(**{k: v for k, v in link.items() if k != "agent"}))
        if "id" in link
        else Link(agent=link["agent"])
        for link in who.pop("chain", [])
    )
    what = call(case.get("call", "files/read"), door=case.get("door", "api"), label=case.get("label"))
    what = Call(
        kind=what.kind,
        entity=what.entity,
        arguments=case.get("args", {}),
        data_sources=tuple(case.get("data_sources", ())),
        labels=what.labels,
        door=what.door,
    )
    return caller(who.pop("id", "alice"), chain=chain, **who), what


@pytest.mark.parametrize("base, case", list(cases()))
def test_case(base: dict[str, Any], case: dict[str, Any]) -> None:
    who, what = asked(case)
    now = datetime.fromisoformat(case["at"]).timestamp() if "at" in case else NOW
    switches = []
    for number, text in enumerate(case.get("switches", ())):
        kind, _, target = text.partition(":")
        switches.append(Switch(id=f"k{number}", kind=SwitchKind(kind), target=target))
    empty = case.get("buckets")
    driver = Driver(
        buckets=Buckets(principal=empty != "principal", session=empty != "session"),
        approval=Approval(state=case.get("approval", "required")),
    )
    decision = decided(
        compiled(merged(base, case), blocklist=WordBlocklist()),
        who,
        what,
        where=world(*switches, age=case.get("age", 0.0), now=now, **case.get("people", {})),
        now=now,
        driver=driver,
    )
    effect, *rest = case["expect"].split()
    assert decision.effect == effect, decision
    if effect == "deny":
        assert decision.code == rest[0], decision
        assert decision.layer == LAYER_OF.get(rest[0].partition(".")[0], "scope")
        rest = rest[1:]
    if rest:
        assert decision.rule == rest[0], decision
    assert tuple(result.layer for result in decision.layers) == LAYERS
    stopped = [at for at, result in enumerate(decision.layers) if result.outcome is Outcome.FAIL]
    assert len(stopped) == (effect != "allow")
    if stopped:
        assert all(result.outcome is Outcome.SKIPPED for result in decision.layers[stopped[0] + 1 :])


def test_the_corpus_is_large_and_every_case_is_named_once() -> None:
    names = [parameters.id for parameters in cases()]
    assert len(names) >= 150
    assert len(names) == len(set(names))
