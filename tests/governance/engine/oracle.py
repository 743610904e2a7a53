"""A naive interpreter of the policy: it reads every rule for every call and shares no code with the engine.

It works on plain dictionaries as the policy file writes them, in the order in which the policy's description states
things. It is slow and obvious on purpose. Conditions come as Python functions beside their source: `Missing` stands
for what cannot be evaluated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

LEVEL = {"admin": 100, "user": 50, "service": 40, "a2a": 30, "mcp": 20, "anonymous": 10}
SENSITIVITY = {"public": 0, "internal": 1, "confidential": 2, "restricted": 3}
TABLES = {"data_source": "data_sources", "agent": "agents", "skill": "skills", "plugin": "plugins"}


class Missing(Exception):
    """A condition cannot be evaluated."""


@dataclass
class Who:
    """A principal as a test writes it."""

    id: str
    kind: str = "user"
    tier: str = "user"
    roles: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    departments: list[str] = field(default_factory=list)
    known: bool = True
    active: bool = True


@dataclass
class Ask:
    """One call in one state of the world."""

    who: Who
    kind: str
    entity: str
    now: float
    arguments: dict[str, Any] = field(default_factory=dict)
    agent: str | None = None
    label: str | None = None
    chain: list[tuple[Who | None, str | None]] = field(default_factory=list)
    data_sources: list[str] = field(default_factory=list)
    door: str = "test"
    audience: str | None = None
    switches: list[tuple[str, str]] = field(default_factory=list)
    age: float = 0.0
    directory: dict[str, tuple[bool, list[str]]] = field(default_factory=dict)


@dataclass
class Said:
    """What the oracle says."""

    decision: str
    layer: str | None = None
    code: str | None = None
    rule: str | None = None


def when(text: str) -> float:
    return datetime.strptime(text.replace("Z", "+0000"), "%Y-%m-%dT%H:%M:%S%z").timestamp()


def glob(pattern: str, text: str) -> bool:
    """`*` within a segment, `**` across segments, `?` one character of a segment."""
    if not pattern:
        return not text
    if pattern.startswith("**"):
        return any(glob(pattern[2:], text[at:]) for at in range(len(text) + 1))
    if pattern[0] == "*":
        end = text.find("/")
        limit = len(text) if end < 0 else end
        return any(glob(pattern[1:], text[at:]) for at in range(limit + 1))
    if not text:
        return False
    if pattern[0] == "?":
        return text[0] != "/" and glob(pattern[1:], text[1:])
    return pattern[0] == text[0] and glob(pattern[1:], text[1:])


def names(pattern: str, kind: str, id: str, *, fold: bool) -> bool:
    """Whether an entity pattern names this entity."""
    head, colon, rest = pattern.partition(":")
    if colon and head in ("server", "tool", "data_source", "agent", "skill", "plugin"):
        wanted, text = head, rest
    else:
        wanted, text = "", pattern
    if fold:
        text, id = text.lower(), id.lower()
    if wanted in ("", kind):
        return glob(text, id)
    return wanted == "server" and kind == "tool" and glob(text, id.split("/")[0])


def decide(document: dict[str, Any], ask: Ask, conditions: dict[str, Callable[[dict[str, Any]], Any]]) -> Said:
    """Layers 0, 1 and 6: the others are about contents and have corpora of their own."""
    raw = find(document, ask.kind, ask.entity)
    touched = [] if raw is None else touches(document, ask, raw)
    said = kill_switch(document, ask, touched)
    if said is not None:
        return said
    return scope(document, ask, raw, touched, conditions)


def find(document: dict[str, Any], kind: str, id: str) -> Any:
    if kind == "server":
        return document.get("servers", {}).get(id)
    if kind == "tool":
        server, _, tool = id.partition("/")
        return document.get("servers", {}).get(server, {}).get("tools", {}).get(tool)
    return document.get(TABLES[kind], {}).get(id)


def touches(document: dict[str, Any], ask: Ask, raw: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """(kind, id, entry) of the entity, its server and its data sources; an unknown data source has no entry."""
    found = [(ask.kind, ask.entity, raw)]
    if ask.kind == "tool":
        server = ask.entity.split("/")[0]
        found.append(("server", server, document["servers"][server]))
        for source in sorted({*raw.get("data_sources", []), *ask.data_sources}):
            found.append(("data_source", source, document.get("data_sources", {}).get(source)))
    return found


def people(ask: Ask) -> list[Who]:
    return [ask.who] + [who for who, _ in ask.chain if who is not None]


def signed_agents(ask: Ask) -> list[str]:
    return [agent for agent in [ask.agent, *[agent for _, agent in ask.chain]] if agent is not None]


def all_agents(document: dict[str, Any], ask: Ask) -> list[str]:
    agents = signed_agents(ask)
    if ask.label in document.get("agents", {}) and ask.label not in agents:
        agents.append(str(ask.label))
    return agents


def kill_switch(document: dict[str, Any], ask: Ask, touched: list[Any]) -> Said | None:
    for kind, target in ask.switches:
        hit = (
            kind == "all"
            or (kind == "principal" and target in [who.id for who in people(ask)])
            or (kind == "agent" and target in all_agents(document, ask))
            or (kind == "agent" and ask.kind == "agent" and target == ask.entity)
            or (kind == "department" and any(target in who.departments for who in people(ask)))
            or (kind == "server" and ask.kind == "server" and target == ask.entity)
            or (kind == "server" and ask.kind == "tool" and target == ask.entity.split("/")[0])
            or (kind == "tool" and ask.kind == "tool" and target == ask.entity)
        )
        if hit:
            return Said("deny", "kill_switch", "kill_switch.on")
    settings = document.get("settings", {})
    limit = settings.get("stale_after", 300)
    if any(entry is not None and entry.get("sensitivity") == "restricted" for _, _, entry in touched):
        limit = min(limit, settings.get("stale_after_restricted", 30))
    if ask.age >= limit:
        return Said("deny", "kill_switch", "policy.stale")
    return None


def scope(document: dict[str, Any], ask: Ask, raw: Any, touched: list[Any], conditions: Any) -> Said:
    def deny(code: str, rule: str | None = None) -> Said:
        return Said("deny", "scope", code, rule)

    if not all(who.known for who in people(ask)):
        return deny("principal.unknown")
    if not all(who.active for who in people(ask)):
        return deny("principal.inactive")
    registered = document.get("agents", {})
    if any(agent not in registered for agent in signed_agents(ask)):
        return deny("agent.unknown")
    if ask.door == "hook" and ask.agent is None:
        return deny("agent.unknown")
    if (
        ask.door == "mcp"
        and ask.agent is None
        and (raw is None or touched[-1 if len(touched) == 1 else 1][2].get("agent_required", True))
    ):
        return deny("agent.unknown")
    agents = all_agents(document, ask)
    for agent in agents:
        active, _ = ask.directory.get(registered[agent]["owner"], (False, []))
        if not registered[agent].get("enabled", True) or not active:
            return deny("agent.disabled")
    if raw is None or any(entry is None for _, _, entry in touched):
        return deny("entity.unknown")
    if not all(entry.get("enabled", True) for _, _, entry in touched):
        return deny("entity.disabled")
    if (ask.door == "mcp" or ask.audience is not None) and ask.kind in ("tool", "server"):
        server = ask.entity.split("/")[0]
        if ask.audience != document["servers"][server].get("audience", f"/mcp/{server}"):
            return deny("audience.mismatch")
    ceiling = min([LEVEL[registered[agent].get("tier", "user")] for agent in agents], default=1000)
    for _, _, entry in touched:
        for who in people(ask):
            if not any(min(LEVEL[who.tier], ceiling) >= LEVEL[tier] for tier in entry.get("scopes", ["user"])):
                return deny("scope.insufficient")
    for _, _, entry in touched:
        for who in people(ask):
            if "principal_kinds" in entry and who.kind not in entry["principal_kinds"]:
                return deny("scope.insufficient")
    for _, _, entry in touched:
        for who in people(ask):
            if "departments" in entry and not set(entry["departments"]) & set(who.departments):
                return deny("department.outside")
    for _, _, entry in touched:
        for who in people(ask):
            if SENSITIVITY[entry.get("sensitivity", "internal")] > most_sensitive(document, who):
                return deny("sensitivity.exceeded")
    for agent in agents:
        bound = registered[agent]
        if "entities" in bound and not any(names(p, ask.kind, ask.entity, fold=False) for p in bound["entities"]):
            return deny("agent.bound")
        departments = bound.get("departments", ask.directory[bound["owner"]][1])
        for _, _, entry in touched:
            if "departments" in entry and not set(entry["departments"]) & set(departments):
                return deny("agent.bound")
            if (
                SENSITIVITY[entry.get("sensitivity", "internal")]
                > SENSITIVITY[bound.get("max_sensitivity", "restricted")]
            ):
                return deny("agent.bound")
    return rules(document, ask, touched, conditions, ceiling)


def most_sensitive(document: dict[str, Any], who: Who) -> int:
    levels = [
        SENSITIVITY[document["roles"][role].get("max_sensitivity", "internal")]
        for role in who.roles
        if role in document.get("roles", {}) and holds(document, who, role)
    ]
    return SENSITIVITY["internal"] if not levels or who.kind == "anonymous" else max(levels)


def holds(document: dict[str, Any], who: Who, role: str) -> bool:
    """A role's tier is the lowest that a holder must have."""
    entry = document.get("roles", {}).get(role)
    return entry is not None and LEVEL[who.tier] >= LEVEL[entry.get("tier", "anonymous")]


def rules(document: dict[str, Any], ask: Ask, touched: list[Any], conditions: Any, ceiling: int) -> Said:
    live = [
        rule
        for rule in sorted(document.get("rules", []), key=lambda rule: rule["id"])
        if rule.get("mode", "enforce") == "enforce"
        and (when(rule["valid_from"]) <= ask.now if "valid_from" in rule else True)
        and (ask.now < when(rule["valid_until"]) if "valid_until" in rule else True)
    ]
    caps = [1000, ceiling]

    def restricts(rule: dict[str, Any]) -> bool:
        if not any(names(p, kind, id, fold=True) for p in rule["entities"] for kind, id, _ in touched):
            return False
        links: list[tuple[Who, str | None]] = [(ask.who, ask.agent)]
        for who, agent in ask.chain:
            links.append((who or links[-1][0], agent))
        if ask.label in document.get("agents", {}) and ask.label not in signed_agents(ask):
            links.append((ask.who, ask.label))
        for cap in caps:
            for who, agent in links:
                if not meant(document, rule["subjects"], who, agent, cap, held=True):
                    continue
                if "except" in rule and meant(document, rule["except"], who, agent, cap, held=False):
                    continue
                if violates(rule, ask) is False:
                    continue
                if value(rule, ask, touched, cap, conditions) in (True, None):
                    return True
        return False

    def grants(rule: dict[str, Any], kind: str, id: str, cap: int) -> bool:
        if not any(names(p, kind, id, fold=False) for p in rule["entities"]):
            return False
        agents = all_agents(document, ask)
        if "agents" in rule["subjects"] and not (
            signed_agents(ask) and all(agent in rule["subjects"]["agents"] for agent in agents)
        ):
            return False
        persons = {key: value for key, value in rule["subjects"].items() if key != "agents"}
        if not persons:
            return False
        for who in people(ask):
            if not meant(document, persons, who, None, cap, held=False):
                return False
            if "except" in rule:
                holders: list[str | None] = [*agents] if agents else [None]
                for agent in holders:
                    if meant(document, rule["except"], who, agent, cap, held=True):
                        return False
        return not violates(rule, ask) and value(rule, ask, touched, cap, conditions) is True

    for rule in live:
        if rule["effect"] == "deny" and restricts(rule):
            return Said("deny", "scope", "rule.deny", rule["id"])
    granted_by = None
    for at, (kind, id, entry) in enumerate(touched):
        if at > 0 and not (kind == "data_source" and SENSITIVITY[entry.get("sensitivity", "internal")] >= 2):
            continue
        by_default = (
            entry.get("default_allow", False)
            and SENSITIVITY[entry.get("sensitivity", "internal")] < 2
            and not any(who.kind == "anonymous" or who.tier == "anonymous" for who in people(ask))
        )
        for cap in caps:
            matching = [r["id"] for r in live if r["effect"] == "allow" and grants(r, kind, id, cap)]
            if not matching and not by_default:
                return Said("deny", "scope", "rule.none")
            if at == 0 and matching:
                granted_by = min([granted_by, *matching] if granted_by is not None else matching)
    asking = [rule["id"] for rule in live if rule["effect"] == "ask" and restricts(rule)]
    if asking:
        return Said("ask", "approval", "approval.required", min(asking))
    return Said("allow", None, None, granted_by)


def meant(document: dict[str, Any], subjects: Any, who: Who, agent: str | None, cap: int, *, held: bool) -> bool:
    """Within a kind or, across kinds and. `held` counts roles whose tier the holder does not reach."""
    tier = min(LEVEL[who.tier], cap)
    roles = [role for role in who.roles if held or holds(document, who, role)]
    return (
        ("users" not in subjects or who.id in subjects["users"])
        and ("groups" not in subjects or bool(set(subjects["groups"]) & set(who.groups)))
        and ("roles" not in subjects or bool(set(subjects["roles"]) & set(roles)))
        and ("departments" not in subjects or bool(set(subjects["departments"]) & set(who.departments)))
        and ("tiers" not in subjects or tier in [LEVEL[word] for word in subjects["tiers"]])
        and ("min_tier" not in subjects or tier >= LEVEL[subjects["min_tier"]])
        and ("agents" not in subjects or agent in subjects["agents"])
    )


def violates(rule: dict[str, Any], ask: Ask) -> bool | None:
    """Whether the call carries what the rule's parameters refuse; None for a rule without parameters."""
    if "parameters" not in rule:
        return None
    for pointer in rule["parameters"].get("deny", []):
        if present(ask.arguments, pointer.split("/")[1:]):
            return True
    if "allow" in rule["parameters"]:
        for leaf in leaves(ask.arguments, ""):
            if not any(leaf == pointer or leaf.startswith(pointer + "/") for pointer in rule["parameters"]["allow"]):
                return True
    return False


def present(value: Any, steps: list[str]) -> bool:
    if not steps:
        return True
    if isinstance(value, dict):
        return steps[0] in value and present(value[steps[0]], steps[1:])
    if isinstance(value, list):
        return steps[0].isdigit() and int(steps[0]) < len(value) and present(value[int(steps[0])], steps[1:])
    return False


def leaves(value: Any, at: str) -> list[str]:
    if isinstance(value, dict) and value:
        return [leaf for key, inner in value.items() for leaf in leaves(inner, f"{at}/{key}")]
    if isinstance(value, list) and value:
        return [leaf for index, inner in enumerate(value) for leaf in leaves(inner, f"{at}/{index}")]
    return [at] if at else []


def value(rule: dict[str, Any], ask: Ask, touched: list[Any], cap: int, conditions: Any) -> bool | None:
    """The condition's value, None when it cannot be evaluated; a rule without one is true.

    One that names the principal is asked of everybody in the chain: an allow needs all, a deny or an ask any.
    """
    if "when" not in rule:
        return True
    asked = people(ask) if "principal" in rule["when"] else [ask.who]
    values = [value_for(who, rule, ask, touched, cap, conditions) for who in asked]
    enough = rule["effect"] != "allow"
    return enough if enough in values else None if None in values else not enough


def value_for(who: Who, rule: dict[str, Any], ask: Ask, touched: list[Any], cap: int, conditions: Any) -> bool | None:
    level = min(LEVEL[who.tier], cap)
    scope = {
        "args": ask.arguments,
        "level": level,
        "tier": {number: word for word, number in LEVEL.items()}[level],
        "who": who,
        "agent": ask.agent,
        "sources": [id for kind, id, _ in touched if kind == "data_source"] if ask.kind == "tool" else [],
    }
    try:
        return bool(conditions[rule["when"]](scope))
    except (Missing, KeyError, TypeError):
        return None
