"""Random policies, callers and calls, small enough that their parts meet often."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from tests.governance.engine.oracle import Ask, Missing, Who

NOW = 1_780_000_000.0
TIERS = ["admin", "user", "service", "a2a", "mcp", "anonymous"]
SENSITIVITIES = ["public", "internal", "confidential", "restricted"]
USERS = ["alice", "bob", "nightly", "eve"]
ROLES = ["analyst", "clerk", "auditor"]
GROUPS = ["oncall", "leads"]
DEPARTMENTS = ["finance", "engineering"]
SERVERS = {"files": ["read", "write", "Delete"], "pay": ["send", "read"], "filesx": ["read"]}
SOURCES = ["ledger", "crm"]
AGENTS = ["reporter", "builder", "ghostly"]
SKILLS = ["summarize", "files"]


def number(scope: dict[str, Any], name: str) -> Any:
    if name not in scope["args"]:
        raise Missing
    found = scope["args"][name]
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise Missing
    return found


def member(scope: dict[str, Any], name: str) -> Any:
    if name not in scope["args"]:
        raise Missing
    return scope["args"][name]


def same(left: Any, right: Any) -> bool:
    """Equality between values of one kind; between others there is none."""
    if kind(left) != kind(right):
        raise Missing
    return bool(left == right)


def kind(value: Any) -> type:
    return float if isinstance(value, int | float) and not isinstance(value, bool) else type(value)


def acting(scope: dict[str, Any]) -> str:
    if scope["agent"] is None:
        raise Missing
    return str(scope["agent"])


CONDITIONS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "args.amount > 10": lambda s: number(s, "amount") > 10,
    "!(args.amount > 10)": lambda s: not number(s, "amount") > 10,
    "args.path == 'a'": lambda s: same(member(s, "path"), "a"),
    "!(args.path == 'a')": lambda s: not same(member(s, "path"), "a"),
    "has(args.path)": lambda s: "path" in s["args"],
    "!has(args.recursive)": lambda s: "recursive" not in s["args"],
    "principal.level >= 50": lambda s: s["level"] >= 50,
    "principal.tier == 'mcp'": lambda s: s["tier"] == "mcp",
    "principal.id == 'alice'": lambda s: s["who"].id == "alice",
    "'finance' in principal.departments": lambda s: "finance" in s["who"].departments,
    "agent.id == 'reporter'": lambda s: acting(s) == "reporter",
    "agent.id != 'reporter'": lambda s: acting(s) != "reporter",
    "'ledger' in entity.data_sources": lambda s: "ledger" in s["sources"],
    "true": lambda s: True,
    "args.nested.deep == 1": lambda s: same(member({"args": member(s, "nested")}, "deep"), 1),
}


def some(random: Random, items: list[str], most: int = 2) -> list[str]:
    return sorted(random.sample(items, random.randint(1, min(most, len(items)))))


def maybe(random: Random, chance: float) -> bool:
    return random.random() < chance


def entity(random: Random, *, strict: float) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if maybe(random, 0.02):
        made["enabled"] = False
    if maybe(random, 0.65):
        made["scopes"] = some(random, random.choice([TIERS, TIERS[3:], TIERS[3:]]))
    if maybe(random, strict):
        made["departments"] = some(random, DEPARTMENTS)
    if maybe(random, strict / 2):
        made["principal_kinds"] = some(random, ["user", "service", "anonymous"])
    if maybe(random, 0.15):
        made["default_allow"] = True
    if maybe(random, 0.3):
        made["sensitivity"] = random.choice(SENSITIVITIES)
    return made


def subjects(random: Random) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if maybe(random, 0.45):
        made["everyone"] = True
    for key, items, chance in (
        ("users", USERS, 0.2),
        ("groups", GROUPS, 0.12),
        ("roles", ROLES, 0.2),
        ("departments", DEPARTMENTS, 0.2),
        ("tiers", TIERS, 0.12),
        ("agents", AGENTS, 0.12),
    ):
        if maybe(random, chance):
            made[key] = some(random, items)
    if maybe(random, 0.12):
        made["min_tier"] = random.choice(TIERS)
    if not set(made) - {"agents"}:
        made["everyone"] = True
    return made


def pattern(random: Random) -> str:
    server = random.choice(list(SERVERS))
    tool = random.choice(SERVERS[server])
    return random.choice(
        [
            f"tool:{server}/{tool}",
            f"tool:{server}/*",
            f"tool:{server}/{tool[0]}*",
            "tool:*/read",
            "tool:*",
            "tool:**",
            f"server:{server}",
            "server:file*",
            "server:files?",
            f"{server}/{tool.upper()}",
            f"{server}",
            "**",
            "*/read",
            "data_source:ledger",
            "data_source:*",
            "skill:*",
            f"tool:{server.upper()}/{tool.lower()}",
        ]
    )


def rule(random: Random, at: int) -> dict[str, Any]:
    made: dict[str, Any] = {
        "id": f"r{random.randint(0, 999):03}-{at}",
        "effect": random.choices(["allow", "deny", "ask"], [6, 2, 1])[0],
        "subjects": subjects(random),
        "entities": sorted({pattern(random) for _ in range(random.randint(1, 3))}),
        "justification": "Because",
    }
    if made["effect"] == "deny" and maybe(random, 0.5):
        made["subjects"] = {"users": some(random, USERS)}
    if maybe(random, 0.25):
        made["except"] = subjects(random)
        if maybe(random, 0.6):
            made["except"] = {"users": some(random, USERS)}
    if maybe(random, 0.3):
        made["when"] = random.choice(list(CONDITIONS))
    if maybe(random, 0.15):
        made["parameters"] = random.choice(
            [
                {"deny": ["/recursive"]},
                {"allow": ["/path", "/amount"]},
                {"allow": ["/nested"], "deny": ["/nested/deep"]},
            ]
        )
    if maybe(random, 0.1):
        made["mode"] = "shadow"
    if maybe(random, 0.1):
        made["valid_until"] = random.choice(["2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"])
    if maybe(random, 0.1):
        made["valid_from"] = random.choice(["2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"])
    return made


def policy(random: Random) -> dict[str, Any]:
    document: dict[str, Any] = {"toolgate": 1}
    document["roles"] = {
        "analyst": {"max_sensitivity": "restricted"},
        "clerk": {"tier": random.choice(TIERS)},
        "auditor": {"tier": "admin", "max_sensitivity": "confidential"},
    }
    document["servers"] = {}
    for server, tools in SERVERS.items():
        made = entity(random, strict=0.1)
        made["scopes"] = some(random, TIERS[2:]) if maybe(random, 0.7) else made.get("scopes", ["user"])
        if maybe(random, 0.3):
            made["agent_required"] = False
        made["tools"] = {}
        for tool in tools:
            made["tools"][tool] = entity(random, strict=0.15)
            if maybe(random, 0.3):
                made["tools"][tool]["data_sources"] = some(random, SOURCES)
        document["servers"][server] = made
    document["data_sources"] = {source: entity(random, strict=0.2) for source in SOURCES}
    document["skills"] = {skill: entity(random, strict=0.2) for skill in SKILLS}
    document["agents"] = {}
    for agent in AGENTS:
        made = entity(random, strict=0.2)
        made["owner"] = random.choices(["alice", "bob", "gone"], [8, 8, 1])[0]
        if maybe(random, 0.5):
            made["tier"] = random.choice(TIERS)
        if maybe(random, 0.4):
            made["entities"] = [pattern(random), pattern(random)]
        if maybe(random, 0.3):
            made["max_sensitivity"] = random.choice(SENSITIVITIES)
        document["agents"][agent] = made
    document["rules"] = [rule(random, at) for at in range(random.randint(2, 14))]
    if maybe(random, 0.6):  # most worlds let something through, or nothing but the first checks would be compared
        document["rules"].append(
            {"id": "base", "effect": "allow", "subjects": {"everyone": True}, "entities": ["**"], "justification": "x"}
        )
    return document


def who(random: Random) -> Who:
    id = random.choice(USERS)
    if maybe(random, 0.07):
        return Who(id="anonymous", kind="anonymous", tier="anonymous")
    return Who(
        id=id,
        kind="service" if id == "nightly" else "user",
        tier=random.choices(TIERS, [4, 8, 2, 1, 1, 1])[0],
        roles=some(random, ROLES) if maybe(random, 0.7) else [],
        groups=some(random, GROUPS) if maybe(random, 0.4) else [],
        departments=some(random, DEPARTMENTS) if maybe(random, 0.7) else [],
        known=not maybe(random, 0.01),
        active=not maybe(random, 0.01),
    )


def ask(random: Random) -> Ask:
    server = random.choice(list(SERVERS))
    kind, id = "tool", f"{server}/{random.choice(SERVERS[server])}"
    if maybe(random, 0.1):
        kind, id = random.choice(
            [("skill", "summarize"), ("skill", "files"), ("server", server), ("agent", "reporter"), ("tool", "no/such")]
        )
    arguments: dict[str, Any] = {}
    for key, values in (
        ("amount", [5, 50, 10.5, "50", None, True]),
        ("path", ["a", "b", 7]),
        ("recursive", [True, None]),
        ("nested", [{"deep": 1}, {"deep": 2}, {"other": [1, {"x": 2}]}, {}, []]),
    ):
        if maybe(random, 0.4):
            arguments[key] = random.choice(values)
    door = random.choices(["test", "api", "mcp", "hook"], [10, 4, 2, 1])[0]
    return Ask(
        who=who(random),
        kind=kind,
        entity=id,
        now=NOW,
        arguments=arguments if kind == "tool" else {},
        agent=random.choices([None, *AGENTS, "stranger"], [8, 3, 3, 2, 0.2])[0],
        label=random.choices([None, *AGENTS, "stranger"], [12, 1, 1, 1, 1])[0],
        chain=[
            random.choice([(who(random), None), (None, random.choice(AGENTS)), (who(random), random.choice(AGENTS))])
            for _ in range(random.choices([0, 1, 2], [10, 2, 1])[0])
        ],
        data_sources=random.choices([[], ["ledger"], ["crm"], ["nowhere"]], [14, 2, 1, 0.3])[0]
        if kind == "tool"
        else [],
        door=door,
        audience=f"/mcp/{server}" if door == "mcp" and maybe(random, 0.8) else None,
        switches=random.choices(
            [
                [],
                [("all", "")],
                [("principal", "bob")],
                [("agent", "builder")],
                [("department", "finance")],
                [("server", "pay")],
                [("tool", "files/read")],
            ],
            [60, 0.5, 1, 1, 1, 1, 1],
        )[0],
        age=random.choices([0.0, 30.0, 299.0, 300.0], [40, 1, 1, 0.5])[0],
        directory={"alice": (True, ["finance"]), "bob": (not maybe(random, 0.05), ["engineering", "finance"])},
    )
