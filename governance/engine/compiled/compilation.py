"""From a canonical document to a Snapshot, in small slices."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from datetime import datetime
from typing import Literal, TypeAlias

from governance.engine.blocking.blocklist import Blocklist
from governance.engine.blocking.data_sources import DataSourcePatterns
from governance.engine.call import Json
from governance.engine.compiled.defaults import (
    BASE_PER_SECOND,
    BURST_MULTIPLIER,
    RATE_CLASS,
    SESSION_CALLS,
    SESSION_WINDOW_SECONDS,
    STALE_AFTER,
    STALE_AFTER_RESTRICTED,
    TIER_MULTIPLIERS,
)
from governance.engine.compiled.entity import SENSITIVITIES, Bound, Entity, Profile
from governance.engine.compiled.exemption import Exemption
from governance.engine.compiled.hook_matching import HookEntry
from governance.engine.compiled.id_directory import IdDirectory
from governance.engine.compiled.index import RuleIndex
from governance.engine.compiled.parameters import Parameters
from governance.engine.compiled.pattern import Pattern
from governance.engine.compiled.rule import Rule, Subjects
from governance.engine.compiled.snapshot import BlocklistLike, EngineKeys, Limits, ScannerLike, Snapshot
from governance.engine.conditions.argument_schema import ArgumentSchema
from governance.engine.conditions.condition import compile_condition
from governance.engine.decision import SHADOWABLE, Effect
from governance.engine.detection.scanner import Scanner
from governance.engine.document.controls import RateLimitFields
from governance.engine.document.entities import AgentFields, EntityFields
from governance.engine.document.policy import PolicyDocument
from governance.engine.document.rules import RuleFields
from governance.engine.principal import TIERS

SLICE = 8
"""Rules or tools a slice; a rule with a condition costs up to 0.3 ms and has a slice of its own."""

Slices = Generator[None, None, Snapshot]
_Boundary: TypeAlias = tuple[bool, int, frozenset[str] | None, frozenset[str] | None, int]
"""What a `Profile` holds: entities that say the same share one."""


def compile_snapshot(
    document: PolicyDocument,
    *,
    release: int,
    digest: str,
    keys: EngineKeys,
    previous: Snapshot | None = None,
    scanner: ScannerLike | None = None,
    blocklist: BlocklistLike | None = None,
) -> Snapshot:
    """The snapshot of a canonical document. Raises ValueError where the document is not a valid policy.

    A `scanner` or `blocklist` that is handed in stands in for the one that the document asks for.
    """
    slices = compile_slices(
        document, release=release, digest=digest, keys=keys, previous=previous, scanner=scanner, blocklist=blocklist
    )
    while True:
        try:
            next(slices)
        except StopIteration as end:
            snapshot: Snapshot = end.value
            return snapshot


def compile_slices(
    document: PolicyDocument,
    *,
    release: int,
    digest: str,
    keys: EngineKeys,
    previous: Snapshot | None = None,
    scanner: ScannerLike | None = None,
    blocklist: BlocklistLike | None = None,
) -> Slices:
    """The same as a generator that yields after each small piece of work and returns the snapshot.

    What did not change since `previous` (scanner, blocklist, data source patterns) is taken from it.
    """
    entities: dict[tuple[str, str], Entity] = {}
    profiles: dict[_Boundary, Profile] = {}
    yield from _entities(document, keys.issuer, entities, profiles)
    bounds = {}
    for id, agent in document.get("agents", {}).items():
        bounds[id] = _bound(id, agent)
    yield
    ordered = tuple(entities[key] for key in sorted(entities))
    yield
    exact_ids = IdDirectory(entities, fold=False)
    yield
    folded_ids = IdDirectory(entities, fold=True)
    yield
    restricting, granting = RuleIndex(fold=True), RuleIndex(fold=False)
    rules: list[Rule] = []
    for order, raw in enumerate(sorted(document.get("rules", ()), key=_by_id)):
        rule = compile_rule(raw, order)
        rules.append(rule)
        (granting if rule.effect is Effect.ALLOW else restricting).add(rule)
        if order % SLICE == SLICE - 1 or rule.condition is not None:
            yield
    if scanner is None:
        kept = previous is not None and document.get("detectors", {}) == previous.document.get("detectors", {})
        scanner = previous.scanner if previous is not None and kept else _scanner(document, keys)
    yield
    if blocklist is None:
        kept = previous is not None and document.get("blocklist", {}) == previous.document.get("blocklist", {})
        blocklist = previous.blocklist if previous is not None and kept else _blocklist(document)
    yield
    data_sources = document.get("data_sources", {})
    patterned = any(source.get("patterns") for source in data_sources.values())
    sources = DataSourcePatterns.compile(data_sources) if patterned else None
    yield
    settings = document.get("settings", {})
    return Snapshot(
        release=release,
        digest=digest,
        entities=entities,
        ordered=ordered,
        bounds=bounds,
        roles={
            id: (
                int(TIERS[role.get("tier", "anonymous")]),
                SENSITIVITIES.index(role.get("max_sensitivity", "internal")),
            )
            for id, role in document.get("roles", {}).items()
        },
        rules=tuple(rules),
        restricting=restricting,
        granting=granting,
        scanner=scanner,
        blocklist=blocklist,
        sources=sources,
        exemptions=_exemptions(document),
        shadow_until={
            layer: seconds(mode["until"])
            for layer, mode in document.get("layers", {}).items()
            if layer in SHADOWABLE and mode.get("mode") == "shadow" and "until" in mode
        },
        limits=limits_of(document.get("rate_limits", {})),
        hooks=_hooks(document),
        stale_after=float(settings.get("stale_after", STALE_AFTER)),
        stale_after_restricted=float(settings.get("stale_after_restricted", STALE_AFTER_RESTRICTED)),
        document=document,
        issuer=keys.issuer,
        exact_ids=exact_ids,
        folded_ids=folded_ids,
    )


def seconds(text: str) -> float:
    """A canonical timestamp as seconds since the epoch."""
    return datetime.fromisoformat(text).timestamp()


def _by_id(raw: RuleFields) -> str:
    return raw["id"]


def _blocklist(document: PolicyDocument) -> BlocklistLike:
    blocking = document.get("blocklist", {})
    return Blocklist.compile(
        packs=blocking.get("packs", ["builtin"]),
        entries=blocking.get("entries", []),
        off=blocking.get("off", []),
        shadow=blocking.get("shadow", []),
    )


def _scanner(document: PolicyDocument, keys: EngineKeys) -> ScannerLike:
    detectors = document.get("detectors", {})
    return Scanner.compile(
        packs=detectors.get("packs", ["builtin"]),
        off=detectors.get("off", []),
        shadow=detectors.get("shadow", []),
        own=detectors.get("own", []),
        action=detectors.get("action", "block"),
        canaries=[keys.canaries[name] for name in detectors.get("canaries", ()) if name in keys.canaries],
        fingerprint_key=keys.fingerprint,
    )


def _entities(
    document: PolicyDocument,
    issuer: str,
    entities: dict[tuple[str, str], Entity],
    profiles: dict[_Boundary, Profile],
) -> Generator[None, None, None]:
    done = 0
    for id, server in document.get("servers", {}).items():
        audience = server.get("audience", f"{issuer}/mcp/{id}")
        made = _entity(
            "server",
            id,
            server,
            profiles,
            name=id,
            server=id,
            audience=audience,
            agent_required=server.get("agent_required", True) is not False,
        )
        entities["server", id] = made
        for name, tool in server.get("tools", {}).items():
            entities["tool", f"{id}/{name}"] = _entity(
                "tool",
                f"{id}/{name}",
                tool,
                profiles,
                name=name,
                server=id,
                audience=audience,
                agent_required=made.agent_required,
                parent=made,
                data_sources=tool.get("data_sources", ()),
                schema=tool.get("schema"),
            )
            done += 1
            if done % SLICE == 0:
                yield
        yield
    for kind, key in _OTHERS:
        for id, raw in document.get(key, {}).items():
            entities[kind, id] = _entity(kind, id, raw, profiles, name=id)
            done += 1
            if done % SLICE == 0:
                yield


_OTHERS: tuple[tuple[str, Literal["data_sources", "agents", "skills", "plugins"]], ...] = (
    ("data_source", "data_sources"),
    ("agent", "agents"),
    ("skill", "skills"),
    ("plugin", "plugins"),
)
"""Kinds of entity without parts, and where they stand."""


def _entity(
    kind: str,
    id: str,
    raw: EntityFields,
    profiles: dict[_Boundary, Profile],
    *,
    name: str,
    server: str | None = None,
    audience: str | None = None,
    agent_required: bool = True,
    parent: Entity | None = None,
    data_sources: Iterable[str] = (),
    schema: Mapping[str, Json] | None = None,
) -> Entity:
    scopes = tuple(raw.get("scopes", ("user",)))
    departments, kinds = raw.get("departments"), raw.get("principal_kinds")
    values = (
        raw.get("enabled", True) and (parent is None or parent.profile.enabled),
        min(int(TIERS[scope]) for scope in scopes),
        None if departments is None else frozenset(departments),
        None if kinds is None else frozenset(kinds),
        SENSITIVITIES.index(raw.get("sensitivity", "internal")),
    )
    profile = profiles.get(values)
    if profile is None:
        profile = profiles[values] = Profile(
            enabled=values[0],
            threshold=values[1],
            departments=values[2],
            kinds=values[3],
            sensitivity=values[4],
        )
    return Entity(
        kind=kind,
        id=id,
        name=name,
        profile=profile,
        server=server,
        default_allow=raw.get("default_allow", False) is True,
        rate_class=raw.get("rate_class") or (parent.rate_class if parent is not None else RATE_CLASS),
        capture=raw.get("capture") or (parent.capture if parent is not None else "redacted"),
        scopes=scopes,
        data_sources=tuple(data_sources),
        schema=None if schema is None else ArgumentSchema.trusted(schema),
        audience=audience,
        agent_required=agent_required,
        title=raw.get("name", ""),
        description=raw.get("description", ""),
    )


def _bound(id: str, raw: AgentFields) -> Bound:
    departments, entities = raw.get("departments"), raw.get("entities")
    return Bound(
        id=id,
        owner=raw.get("owner"),
        tier=int(TIERS[raw.get("tier", "user")]),
        enabled=raw.get("enabled", True) is not False,
        departments=None if departments is None else frozenset(departments),
        entities=None if entities is None else tuple(map(Pattern.parse, entities)),
        max_sensitivity=SENSITIVITIES.index(raw["max_sensitivity"]) if "max_sensitivity" in raw else None,
    )


def compile_rule(raw: RuleFields, order: int) -> Rule:
    """A rule at its place among the rules by id. Raises ValueError where it is none."""
    effect = Effect(raw["effect"])
    parameters, excepted = raw.get("parameters"), raw.get("except")
    return Rule(
        id=raw["id"],
        order=order,
        effect=effect,
        subjects=Subjects.parse(raw.get("subjects", {})),
        excepted=Subjects.parse(excepted) if excepted else None,
        patterns=tuple(Pattern.parse(text, fold=effect is not Effect.ALLOW) for text in raw["entities"]),
        shadow=raw.get("mode", "enforce") == "shadow",
        valid_from=seconds(raw["valid_from"]) if "valid_from" in raw else float("-inf"),
        valid_until=seconds(raw["valid_until"]) if "valid_until" in raw else float("inf"),
        condition=compile_condition(raw["when"]) if "when" in raw else None,
        parameters=Parameters.parse(parameters.get("allow"), parameters.get("deny")) if parameters else None,
        approval=raw.get("approval", {}),
        skip_client_prompt=raw.get("skip_client_prompt", False) is True,
    )


def _exemptions(document: PolicyDocument) -> dict[str, tuple[Exemption, ...]]:
    found: dict[str, list[Exemption]] = {"secrets": [], "blocklist": []}
    for raw in document.get("exemptions", ()):
        found[raw["layer"]].append(
            Exemption(
                layer=raw["layer"],
                name=raw["name"],
                entity=Pattern.parse(raw["entity"]),
                until=seconds(raw["until"]),
                path=raw.get("path"),
            )
        )
    return {layer: tuple(exemptions) for layer, exemptions in found.items()}


def limits_of(raw: RateLimitFields) -> Limits:
    """The `rate_limits` section of a document, with the defaults of what it does not say."""
    base = {**BASE_PER_SECOND, **raw.get("base_per_second", {})}
    factors = {**TIER_MULTIPLIERS, **raw.get("tier_multipliers", {})}
    session = raw.get("session", {})
    return Limits(
        disabled=raw.get("disabled", False) is True,
        burst_multiplier=float(raw.get("burst_multiplier", BURST_MULTIPLIER)),
        rates={(name, tier): float(rate) * factor for name, rate in base.items() for tier, factor in factors.items()},
        session_calls=int(session.get("calls", SESSION_CALLS)),
        session_window=float(session.get("window_seconds", SESSION_WINDOW_SECONDS)),
        burst_multipliers={name: float(burst) for name, burst in raw.get("burst_multipliers", {}).items()},
    )


def _hooks(document: PolicyDocument) -> tuple[HookEntry, ...]:
    """Synchronous `PreToolUse` hooks that are enabled, system hooks first, then by id."""
    plugins = document.get("plugins", {})
    entries = [
        HookEntry.parse(raw, plugins)
        for raw in document.get("hooks", ())
        if raw["event"] == "PreToolUse" and raw.get("enabled", True) and not raw.get("async", False)
    ]
    return tuple(sorted(entries, key=lambda entry: (entry.hook.category != "system", entry.hook.id)))
