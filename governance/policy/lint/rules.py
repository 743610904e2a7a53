"""Findings about rules: those that can never matter, and those that matter too much."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from governance.engine.call import EntityKind
from governance.engine.document.entities import EntityFields
from governance.engine.document.policy import PolicyDocument
from governance.engine.document.rules import RuleFields
from governance.engine.principal import TIERS
from governance.policy.document.entity_patterns import TABLES, entities_of
from governance.policy.document.moments import seconds
from governance.policy.document.node import planted
from governance.policy.document.reach import Entities, Reach, reach
from governance.policy.document.sensitivity import confidential_entities
from governance.policy.lint.finding import LintFinding

MAX_COMPARISONS = 2_000_000
"""Pairs of rules that are compared; a policy with more says so in a finding rather than take minutes."""

_EVERYTHING = frozenset({"**", "tool:**", "server:**", "server:*", "tool:*/*"})


def rule_findings(document: PolicyDocument, *, now: float) -> Iterator[LintFinding]:
    """Unreachable, expired, shadowed, redundant and too broad rules."""
    entities = entities_of(document)
    rules = document.get("rules", [])
    reaches = [reach(rule, entities) for rule in rules]
    confidential = frozenset(confidential_entities(planted(document)))
    alive: list[tuple[RuleFields, Reach]] = []
    for rule, extent in zip(rules, reaches, strict=True):
        path = f"rules.{rule['id']}"
        if "valid_until" in rule and seconds(rule["valid_until"]) <= now:
            yield LintFinding(code="expired", path=path, message=f"has not been in force since {rule['valid_until']}")
            continue
        reason = _unreachable(rule, extent, entities, document)
        if reason:
            yield LintFinding(code="unreachable", path=path, message=reason)
            continue
        if rule.get("mode") != "shadow":
            alive.append((rule, extent))
        if rule["effect"] == "allow":
            yield from _too_broad(rule, extent, entities, confidential)
    yield from _overruled(alive)


def _unreachable(rule: RuleFields, extent: Reach, entities: Entities, document: PolicyDocument) -> str:
    if not extent.entities:
        return "covers no entity of this policy"
    if extent.tiers is not None and not extent.tiers:
        return "names tiers that exclude each other"
    excepted = rule.get("except")
    if excepted is not None and (excepted.get("everyone") or excepted == rule["subjects"]):
        return "excepts everybody whom it names"
    agents = document.get("agents", {})
    named = rule["subjects"].get("agents", [])
    if named and not any(agent not in agents or agents[agent].get("enabled", True) for agent in named):
        return "names agents that are all disabled"
    if rule["effect"] != "allow":
        return ""
    covered = [one for place, one in enumerate(entities) if extent.entities >> place & 1]
    if all(_closed(extent, one, document) for one in covered):
        return "names nobody who is within the scopes and departments of what it covers"
    return ""


def _closed(extent: Reach, entity: tuple[EntityKind, str], document: PolicyDocument) -> bool:
    """Whether an entity's own boundary shuts out everybody whom the subjects can name."""
    for fields in _boundaries(entity, document):
        if not fields.get("enabled", True):
            return True
        lowest = min(int(TIERS[scope]) for scope in fields.get("scopes", ("user",)))
        if extent.tiers is not None and max(extent.tiers) < lowest:
            return True
        boundary = fields.get("departments")
        named = extent.subjects.get("departments")
        # Somebody in a named department may be in another one too, so this is only told of a single-department house.
        if boundary is not None and named is not None and not named & set(boundary) and _single(document):
            return True
    return False


def _single(document: PolicyDocument) -> bool:
    """Whether every known principal is in at most one department, and there are principals to know."""
    principals = document.get("principals", {})
    return bool(principals) and all(len(one.get("departments", ())) <= 1 for one in principals.values())


def _boundaries(entity: tuple[EntityKind, str], document: PolicyDocument) -> list[EntityFields]:
    kind, name = entity
    if kind is EntityKind.TOOL:
        server, _, tool = name.partition("/")
        fields = document["servers"][server]
        return [fields, fields["tools"][tool]]
    return [document[key][name] for key, of in TABLES.items() if of is kind]


def _too_broad(
    rule: RuleFields, extent: Reach, entities: Entities, confidential: frozenset[tuple[EntityKind, str]]
) -> Iterator[LintFinding]:
    path = f"rules.{rule['id']}"
    subjects = rule["subjects"]
    anybody = subjects.get("everyone") and len(subjects) == 1
    everything = _EVERYTHING & set(rule["entities"])
    if everything:
        yield LintFinding(
            code="too_broad", path=path, message=f"allows everything there is or will be ({min(everything)})"
        )
    elif anybody and extent.unconditional and "except" not in rule:
        wild = [text for text in rule["entities"] if "*" in text]
        if wild:
            yield LintFinding(code="too_broad", path=path, message=f"allows everyone whatever matches {wild[0]}")
    if anybody and extent.condition is None:
        for place, one in enumerate(entities):
            if extent.entities >> place & 1 and one in confidential:
                message = f"allows everyone {one[0].value}:{one[1]}, which is confidential or above"
                yield LintFinding(code="too_broad", path=path, message=message)
                break


def _overruled(alive: list[tuple[RuleFields, Reach]]) -> Iterator[LintFinding]:
    """Rules that another one takes all effect from. Only those that share an entity are compared."""
    by_entity: dict[int, list[int]] = defaultdict(list)
    for place, (_, extent) in enumerate(alive):
        for bit in _bits(extent.entities):
            by_entity[bit].append(place)
    compared = 0
    for place, (rule, extent) in enumerate(alive):
        rarest = min((by_entity[bit] for bit in _bits(extent.entities)), key=len)
        for other in rarest:
            compared += 1
            if other == place:
                continue
            finding = _by_other(rule, extent, *alive[other], later=place > other)
            if finding is not None:
                yield finding
                break
        if compared > MAX_COMPARISONS:
            message = f"{len(alive)} rules overlap too much to compare each with each"
            yield LintFinding(code="incomplete", path="rules", message=message)
            return


def _by_other(rule: RuleFields, extent: Reach, other: RuleFields, wider: Reach, *, later: bool) -> LintFinding | None:
    if not extent.within(wider):
        return None
    path = f"rules.{rule['id']}"
    if other["effect"] == "deny" and rule["effect"] != "deny":
        return LintFinding(
            code="shadowed", path=path, message=f"never decides: {other['id']} denies all that it covers"
        )
    if other["effect"] != rule["effect"] or _more_than(rule, other):
        return None
    if wider.within(extent) and not later:
        return None  # of two that say the same, the later one is reported
    return LintFinding(code="redundant", path=path, message=f"adds nothing to {other['id']}")


def _more_than(rule: RuleFields, other: RuleFields) -> bool:
    """Whether a rule does something beside its effect that the other does not."""
    if rule["effect"] == "ask":
        return bool(rule.get("approval", {}) != other.get("approval", {}))
    return bool(rule.get("skip_client_prompt", False) and not other.get("skip_client_prompt", False))


def _bits(mask: int) -> Iterator[int]:
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest
