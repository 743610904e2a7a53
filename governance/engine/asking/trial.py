"""One call tried with changes that nobody has made: to the call, to who makes it, to the directory, to the policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from governance.engine.call import Call, EntityKind
from governance.engine.compiled.entity import INTERNAL, Bound, Entity, Profile
from governance.engine.compiled.exemption import Exemption
from governance.engine.compiled.index import RuleIndex
from governance.engine.compiled.rule import Rule
from governance.engine.compiled.snapshot import Snapshot
from governance.engine.deciding.driver import StandIn, run
from governance.engine.deciding.pipeline import decide
from governance.engine.deciding.run import Run
from governance.engine.decision import Decision, Effect
from governance.engine.principal import Caller, DirectoryEntry, Link, Principal, Tier
from governance.engine.world import World, switchboard


class Trial:
    """A call and everything that decides it. Each change leaves what was handed in as it is."""

    def __init__(self, snapshot: Snapshot, world: World, caller: Caller, call: Call, now: float) -> None:
        self.snapshot, self.world, self.caller, self.call, self.now = snapshot, world, caller, call, now

    def copy(self) -> Trial:
        """Another one that begins from here."""
        return Trial(self.snapshot, self.world, self.caller, self.call, self.now)

    def decide(self) -> Decision:
        """The decision, without any effect."""
        return run(decide(self.snapshot, self.world, self.caller, self.call, now=self.now), StandIn())

    def resolved(self) -> Run:
        """Who asks and what is touched."""
        found = Run(self.snapshot, self.world, self.caller, self.call, self.now, _still)
        found.resolve()
        return found

    # --- the call, who makes it, and the world -------------------------------------------------------------------
    def call_with(self, **changes: Any) -> None:
        """Another call."""
        self.call = replace(self.call, **changes)

    def caller_with(self, **changes: Any) -> None:
        """Another caller."""
        self.caller = replace(self.caller, **changes)

    def person_with(self, name: str, *, add: Mapping[str, str] | None = None, **facts: Any) -> None:
        """A principal with other facts, wherever it stands in the chain, and in the directory where it is there.

        `add` puts one word each into its roles, groups or departments.
        """
        more = add or {}

        def changed(one: Principal | None) -> Principal | None:
            if one is None or one.id != name:
                return one
            return replace(one, **facts, **{key: getattr(one, key) | {word} for key, word in more.items()})

        first = changed(self.caller.principal)
        assert first is not None
        links = tuple(Link(principal=changed(link.principal), agent=link.agent) for link in self.caller.chain)
        self.caller = replace(self.caller, principal=first, chain=links)
        entry = self.world.directory.get(name)
        if entry is not None:
            held = {key: value for key, value in facts.items() if key in ("kind", "active", "tier")}
            joined = {key: getattr(entry, key) | {word} for key, word in more.items()}
            self.enter(name, replace(entry, **held, **joined))

    def enter(self, name: str, entry: DirectoryEntry) -> None:
        """Somebody in the directory."""
        self.world = replace(self.world, directory={**self.world.directory, name: entry})

    def lift(self, switch: str) -> None:
        """A kill switch off."""
        left = [one for found in self.world.switches.values() for one in found if one.id != switch]
        self.world = replace(self.world, switches=switchboard(left))

    # --- the policy ----------------------------------------------------------------------------------------------
    def enable(self, entity: Entity) -> None:
        """An entity enabled; with a server those of its tools that are not disabled themselves."""
        entities = {**self.snapshot.entities, (entity.kind, entity.id): _enabled(entity)}
        if entity.kind == EntityKind.SERVER:
            written = self.snapshot.document.get("servers", {}).get(entity.id, {}).get("tools", {})
            for name, tool in written.items():
                one = entities[EntityKind.TOOL.value, f"{entity.id}/{name}"]
                if tool.get("enabled", True):
                    entities[one.kind, one.id] = _enabled(one)
        self._snapshot(entities=entities)

    def add_entity(self, kind: EntityKind, name: str) -> None:
        """An entity that says nothing of itself; a tool's server comes with it."""
        entities = dict(self.snapshot.entities)
        server: Entity | None = None
        if kind is EntityKind.TOOL:
            own = name.partition("/")[0]
            new = replace(_plain("server", own, own), audience=f"{self.snapshot.issuer}/mcp/{own}")
            server = entities.setdefault(("server", own), new)
        made = _plain(kind.value, name, server.id if server is not None else name if kind == "server" else None)
        if server is not None:
            made = replace(
                made, profile=replace(made.profile, enabled=server.profile.enabled), rate_class=server.rate_class,
                audience=server.audience, agent_required=server.agent_required,
            )  # fmt: skip
        self._snapshot(entities={**entities, (kind.value, name): made})

    def bound_with(self, bound: Bound, **changes: Any) -> None:
        """An agent with other bounds, or a new one."""
        self._snapshot(bounds={**self.snapshot.bounds, bound.id: replace(bound, within={}, **changes)})

    def role_with(self, name: str, *, tier: int, max_sensitivity: int) -> None:
        """A role that asks for this tier and reaches this sensitivity."""
        self._snapshot(roles={**self.snapshot.roles, name: (tier, max_sensitivity)})

    def rule_with(self, rule: Rule) -> None:
        """A rule in place of the one of its id, or a new one with a place (`order`) of its own."""
        rules = [*(one for one in self.snapshot.rules if one.id != rule.id), rule]
        allows = rule.effect is Effect.ALLOW
        index = RuleIndex(fold=not allows)
        for one in rules:
            if (one.effect is Effect.ALLOW) is allows:
                index.add(one)
        self._snapshot(rules=tuple(rules), **{"granting" if allows else "restricting": index})

    def exempt(self, exemption: Exemption) -> None:
        """A finding or an entry that does not count for an entity."""
        found = self.snapshot.exemptions
        layer = exemption.layer
        self._snapshot(exemptions={**found, layer: (*found[layer], exemption)})

    def _snapshot(self, **changes: Any) -> None:
        self.snapshot = replace(self.snapshot, plans={}, foreign={}, standings={}, **changes)


def _enabled(entity: Entity) -> Entity:
    return replace(entity, profile=replace(entity.profile, enabled=True))


def _plain(kind: str, name: str, server: str | None) -> Entity:
    return Entity(
        kind=kind,
        id=name,
        name=name.rpartition("/")[2],
        profile=Profile(enabled=True, threshold=int(Tier.USER), departments=None, kinds=None, sensitivity=INTERNAL),
        server=server,
    )


def _still() -> int:
    return 0
