"""What a decision costs: `python -m tests.bench.engine_bench [--json]`.

Medians of batches, and each as a ratio to a fixed Python workload measured in between in the same run, so that two
machines, or a busy and an idle one, can be compared. Needs no database and loads no Django.
"""

from __future__ import annotations

import json
import platform
import sys
import time
from collections.abc import Callable
from random import Random
from statistics import median
from typing import Any

from governance.engine.asking.explain import explain
from governance.engine.asking.questions import who_can
from governance.engine.asking.surface import surface
from governance.engine.call import Call
from governance.engine.compiled.compilation import compile_snapshot
from governance.engine.compiled.snapshot import EngineKeys, Snapshot
from governance.engine.deciding.driver import StandIn, run
from governance.engine.deciding.pipeline import decide
from governance.engine.principal import Caller, DirectoryEntry, Principal, PrincipalKind, Tier
from governance.engine.world import World

NOW = 1_780_000_000.0
KEYS = EngineKeys(fingerprint=b"k" * 32)
ARGUMENTS: dict[str, Any] = {
    "path": "/srv/reports/2026/quarter-2/summary.csv",
    "columns": ["region", "revenue", "margin", "headcount"],
    "filter": {"region": "north", "from": "2026-01-01", "to": "2026-06-30", "currency": "EUR"},
    "limit": 250,
    "note": "Monthly close for the north region, prepared for the board meeting in July.",
}
DIRECTORY = {
    "owner": DirectoryEntry(
        kind=PrincipalKind.USER, active=True, tier=Tier.USER, epoch=1, departments=frozenset({"finance"})
    )
}


def workload() -> int:
    """A fixed piece of pure Python, about 10 µs on a machine of 2024."""
    total = 0
    table = {number: number * 2 for number in range(32)}
    for number in range(96):
        total += table[number & 31] ^ number
    return total


def document(*, rules: int, tools: int, servers: int = 10) -> dict[str, Any]:
    """A policy of a size: departments, roles and agents of a middling firm, rules spread over its tools."""
    random = Random(7)
    names = [f"s{number}" for number in range(servers)]
    ids = [f"{names[number % servers]}/tool_{number}" for number in range(tools)]
    made: list[dict[str, Any]] = [
        {"id": "r-base", "effect": "allow", "subjects": {"roles": ["role-1"]}, "entities": ["server:s0"]},
        {
            "id": "r-cond",
            "effect": "allow",
            "subjects": {"roles": ["role-1"]},
            "entities": [f"tool:{ids[0]}"],
            "when": "args.path.endsWith('.csv') && args.limit <= 1000",
        },
    ]
    for number in range(rules - len(made)):
        subjects = random.choice(
            [
                {"users": [f"user-{random.randrange(2, max(20, rules // 4))}"]},
                {"roles": [f"role-{random.randrange(2, max(20, rules // 8))}"]},
                {"groups": [f"group-{random.randrange(3, max(20, rules // 8))}"]},
                {"departments": [f"dep-{random.randrange(max(20, rules // 8))}"]},
            ]
        )
        entity = random.choice([f"tool:{random.choice(ids)}", f"server:{random.choice(names)}", f"tool:{names[1]}/t*"])
        made.append(
            {
                "id": f"r{number}",
                "effect": random.choice(["allow", "allow", "deny"]),
                "subjects": subjects,
                "entities": [entity],
            }
        )
    tree: dict[str, Any] = {name: {"tools": {}} for name in names}
    for id in ids:
        server, _, tool = id.partition("/")
        tree[server]["tools"][tool] = {}
    return {
        "toolgate": 1,
        "roles": {f"role-{number}": {} for number in range(20)},
        "agents": {"helper": {"owner": "owner", "entities": ["server:s*"]}},
        "servers": tree,
        "rules": made,
    }


class Nothing:
    """A scanner and blocklist that find nothing, for what the policy layers cost alone."""

    def scan(self, value: Any) -> Any:
        return CLEAN

    def match(self, kind: str, entity: str, arguments: Any) -> tuple[Any, ...]:
        return ()


def compiled(source: Any, *, bare: bool, previous: Snapshot | None = None) -> Snapshot:
    hands: dict[str, Any] = {"scanner": Nothing(), "blocklist": Nothing()} if bare else {}
    return compile_snapshot(source, release=1, digest="0" * 64, keys=KEYS, previous=previous, **hands)


def caller() -> Caller:
    return Caller(
        principal=Principal(
            id="user-1",
            kind=PrincipalKind.USER,
            tier=Tier.USER,
            roles=frozenset({"role-1"}),
            groups=frozenset({"group-1", "group-2"}),
            departments=frozenset({"finance"}),
        ),
        agent="helper",
        session_id="sid-1",
    )


def decider(snapshot: Snapshot, arguments: dict[str, Any] = ARGUMENTS) -> Callable[[], None]:
    tool = "s0/tool_0" if arguments is ARGUMENTS else "s0/tool_10"  # the condition is about the usual arguments
    world = World.of(confirmed_at=NOW, directory=DIRECTORY)
    who = caller()
    call = Call(entity=tool, arguments=arguments, size=len(json.dumps(arguments)))
    answer = StandIn()

    def once() -> None:
        effects.add(run(decide(snapshot, world, who, call, now=NOW), answer).effect)

    effects: set[str] = set()
    once()
    if effects != {"allow"}:
        raise RuntimeError(f"the benchmark's call is not allowed: {effects}")
    return once


def timed(run: Callable[[], Any], *, batch: int, batches: int) -> tuple[float, float]:
    """(median microseconds of one run, median ratio to the fixed workload), interleaved."""
    micros, ratios = [], []
    for _ in range(batches):
        began = time.process_time_ns()
        for _ in range(batch):
            run()
        spent = (time.process_time_ns() - began) / batch / 1000
        began = time.process_time_ns()
        for _ in range(100):
            workload()
        micros.append(spent)
        ratios.append(spent / ((time.process_time_ns() - began) / 100 / 1000))
    return median(micros), median(ratios)


def figures() -> dict[str, dict[str, float]]:
    """Every figure by name: microseconds and ratio."""
    found: dict[str, dict[str, float]] = {}

    def note(name: str, run: Callable[[], Any], *, batch: int = 200, batches: int = 25) -> None:
        run()
        micros, ratio = timed(run, batch=batch, batches=batches)
        found[name] = {"micros": round(micros, 2), "ratio": round(ratio, 2)}

    source = document(rules=500, tools=100)
    plain = {**source, "rules": [one for one in source["rules"] if "when" not in one]}
    whole = compiled(source, bare=False)
    note("whole pipeline, 500 rules, 300 bytes, one condition", decider(whole))
    note("whole pipeline, 500 rules, 300 bytes", decider(compiled(plain, bare=False, previous=whole)))
    note("secrets alone, 300 bytes", lambda: whole.scanner.scan(ARGUMENTS))
    note("blocklist alone, 300 bytes", lambda: whole.blocklist.match("tool", "s0/tool_0", ARGUMENTS))
    for kib in (4, 16, 64, 256):
        large = {"items": [ARGUMENTS] * (kib * 1024 // len(json.dumps(ARGUMENTS)))}
        note(f"whole pipeline, arguments of {kib} KiB", decider(whole, large), batch=5, batches=9)
    note("policy layers alone, 500 rules, one condition", decider(compiled(source, bare=True)))
    note("policy layers alone, 500 rules", decider(compiled(plain, bare=True)))
    for rules in (100, 1_000, 10_000, 100_000):
        note(f"policy layers, {rules} rules", decider(compiled(document(rules=rules, tools=100), bare=True)))
    for tools in (10, 100, 1_000, 10_000):
        note(f"policy layers, {tools} tools", decider(compiled(document(rules=500, tools=tools), bare=True)))
    wide = compiled(document(rules=500, tools=10_000), bare=True)
    world = World.of(confirmed_at=NOW, directory=DIRECTORY)
    note("surface of 10,000 tools", lambda: surface(wide, world, caller(), now=NOW), batch=1, batches=15)
    fresh = [compiled(document(rules=500, tools=10_000), bare=True) for _ in range(4)]
    note("surface of 10,000 tools, cold", lambda: surface(fresh.pop(), world, caller(), now=NOW), batch=1, batches=3)
    call = Call(entity="s0/tool_0", arguments=ARGUMENTS, size=len(json.dumps(ARGUMENTS)))
    note("explain, 500 rules", lambda: explain(whole, world, caller(), call, now=NOW), batch=5, batches=15)
    people = [
        Caller(
            principal=Principal(
                id=f"user-{number}", kind=PrincipalKind.USER, tier=Tier.USER, roles=frozenset({f"role-{number % 20}"})
            )
        )
        for number in range(10_000)
    ]
    note("who can, 10,000 principals", lambda: who_can(whole, world, people, call, now=NOW), batch=1, batches=3)
    return found


def main() -> None:
    """Print the figures, as a table or as JSON."""
    found = figures()
    if "--json" in sys.argv:
        print(json.dumps({"machine": platform.platform(), "python": platform.python_version(), "figures": found}))
        return
    print(f"{'what':48} {'µs':>12} {'ratio':>10}")
    for name, figure in found.items():
        print(f"{name:48} {figure['micros']:>12,.2f} {figure['ratio']:>10.2f}")


CLEAN = type("Clean", (), {"complete": True, "findings": (), "action": "block"})()

if __name__ == "__main__":
    main()
