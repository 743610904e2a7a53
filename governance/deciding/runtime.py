"""Everything one web process decides with, in one place; made at start-up, replaced piece by piece while it runs.

`snapshot` and `world` are swapped whole by the loop that follows releases, switches and the directory, so that one
call sees one state from beginning to end.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from accounts.credentials.proxy import TrustedProxy
from accounts.directory.live import LiveDirectory
from accounts.guard.bans import BanTable
from accounts.guard.lists import GuardLists
from accounts.identity.authenticator import Authenticator
from accounts.identity.verified import Identity
from accounts.tokens.digest import KeyedDigest
from audit.records.capture import Capturer
from audit.records.who import TokenRef, Who, links_of
from audit.writing.journal import Alarm, Journal, log_alarm
from governance.adapters.client_tool import ClientServers
from governance.deciding.called import link_names_of, names_of
from governance.deciding.impostors import Impostors
from governance.deciding.limits.budget_store import BudgetStore
from governance.deciding.limits.limits import LimitStore
from governance.deciding.limits.refusals import RefusedCredentials
from governance.deciding.remembered.call_ids import CallIds
from governance.deciding.remembered.labels import CleanLabels
from governance.deciding.remembered.recent import RecentDecisions
from governance.engine.asking.surface import SurfaceEntity, surface
from governance.engine.compiled.snapshot import Snapshot
from governance.engine.world import World
from governance.vault.capture import DayKeys

LARGE_AT_ONCE = 2  # large calls a principal may have scanned at the same time; 40-api.md
REMEMBERED_WHO = 10_000
REMEMBERED_SURFACES = 500
SURFACE_SECONDS = 1.0


@dataclass(slots=True)
class Runtime:
    """One process's parts. `version` names engine and detectors in records."""

    authenticator: Authenticator
    directory: LiveDirectory
    journal: Journal
    arguments: Capturer
    results: Capturer
    day_keys: DayKeys
    requests: KeyedDigest
    budgets: BudgetStore
    call_ids: CallIds
    issuer: str
    version: str
    snapshot: Snapshot
    world: World
    proxy: TrustedProxy | None = None
    proxy_refusals: BanTable = field(default_factory=lambda: BanTable(GuardLists()))
    alarm: Alarm = log_alarm
    web_processes: int = 1
    limits: LimitStore = field(init=False)
    refused: RefusedCredentials = field(init=False)
    recent: RecentDecisions = field(default_factory=RecentDecisions)
    impostors: Impostors = field(default_factory=Impostors)
    labels: CleanLabels = field(default_factory=CleanLabels)
    _surfaces: OrderedDict[tuple[str, str, str], tuple[float, tuple[SurfaceEntity, ...]]] = field(
        default_factory=OrderedDict
    )
    _who: OrderedDict[tuple[str, int, int], Who] = field(default_factory=OrderedDict)
    _large: dict[str, tuple[asyncio.Semaphore, list[None]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.limits = LimitStore(self.budgets, lambda: self.snapshot.limits)
        self.refused = RefusedCredentials(
            journal=self.journal, limits=lambda: self.snapshot.limits, among=self.web_processes
        )

    @property
    def client_servers(self) -> ClientServers:
        """What the release knows of the servers that clients run themselves."""
        return _ReleaseServers(self.snapshot)

    def tell_refusals(self, now: float, *, all_of_it: bool = False) -> None:
        """Record what was counted of refused credentials and of proxies not believed, and is not told yet."""
        self.refused.tell_due(now, all_of_it=all_of_it)
        for told in self.proxy_refusals.due(now, all_of_it=all_of_it):
            self.alarm("proxy.refused", {"network": told.network, "reason": told.reason, "count": told.count})

    def is_staff(self, identity: Identity, *, now: float) -> bool:
        """Whether the caller is one of the staff, acting in person and with all its rights: never through an agent or
        a chain, and never by a credential that was lowered."""
        caller = identity.caller
        entry = self.directory.state.principals.get(caller.principal.id)
        in_person = caller.agent is None and not caller.chain and not self.is_lowered(identity)
        return in_person and entry is not None and entry.staff_until > now

    def is_lowered(self, identity: Identity) -> bool:
        """Whether the caller's credential carries less than its tier: staff rights do not come with what is left."""
        principal = identity.caller.principal
        entry = self.directory.state.principals.get(principal.id)
        return entry is not None and principal.tier < entry.tier

    def basis(self) -> str:
        """What a remembered answer rests on: when this text changes, it is decided anew.

        A host's own switches come and go without an epoch of the database, so they count by their ids.
        """
        state, world = self.directory.state, self.world
        here = ",".join(sorted(one.id for board in world.switches.values() for one in board if one.id[:5] == "file-"))
        return f"{self.snapshot.release}/{world.epoch}/{here}/{state.revocations.epoch}/{state.generation}"

    def who(self, identity: Identity) -> Who:
        """The record's words for a caller, made once for each verified credential, directory and release."""
        key = (_credential(identity), self.directory.state.generation, self.snapshot.release)
        who = self._who.get(key) if key[0] else None
        if who is None:
            caller, principal = identity.caller, identity.caller.principal
            named, document = self.directory.state.named, self.snapshot.document
            who = self._who[key] = Who.principal(
                principal.id,
                kind=principal.kind.value,
                owner=principal.owner,
                agent=caller.agent,
                session=caller.session_id,
                departments=principal.departments,
                links=links_of(caller, link_names_of(identity, named, document)),
                asked_by=identity.asked_by,
                names=names_of(identity, named, document),
                token=TokenRef(iss=identity.iss, jti=identity.jti, kid=identity.kid, sha256=identity.token_sha256),
            )
            if len(self._who) > REMEMBERED_WHO:
                self._who.popitem(last=False)
        return who

    def surface_of(self, identity: Identity, *, now: float) -> tuple[SurfaceEntity, ...]:
        """The caller's surface, from cache for a second: so much later is a rule's beginning or end seen in a list."""
        key = (_credential(identity), self.snapshot.digest, self.basis())
        held = self._surfaces.get(key) if key[0] else None
        if held is None or now - held[0] >= SURFACE_SECONDS:
            held = (now, surface(self.snapshot, self.world, identity.caller, now=now))
            if key[0]:
                self._surfaces[key] = held
            if len(self._surfaces) > REMEMBERED_SURFACES:
                self._surfaces.popitem(last=False)
        return held[1]

    @asynccontextmanager
    async def large_calls(self, principal: str) -> AsyncIterator[None]:
        """One of the principal's places for large calls; waits while all are taken."""
        places, waiting = self._large.setdefault(principal, (asyncio.Semaphore(LARGE_AT_ONCE), []))
        waiting.append(None)
        try:
            async with places:
                yield
        finally:
            waiting.pop()
            if not waiting:
                self._large.pop(principal, None)


def _credential(identity: Identity) -> str:
    """What names this very caller among those remembered; empty for one without a credential of its own."""
    own = identity.token_sha256 or identity.key_id or ""
    return f"{own}>{identity.caller.principal.id}" if own and identity.asked_by is not None else own


@dataclass(frozen=True, slots=True)
class _ReleaseServers:
    """`ClientServers` of a release."""

    snapshot: Snapshot

    def client_managed(self) -> Iterable[tuple[str, str]]:
        """Servers with `managed_on_clients`, by their id and by each name that they are said to have there."""
        servers = self.snapshot.document.get("servers", {})
        return [
            (name, slug)
            for slug, server in servers.items()
            if server.get("managed_on_clients")
            for name in (slug, *server.get("names_on_clients", ()))
        ]

    def client_plugins(self) -> Iterable[tuple[str, str]]:
        """Every server that a plugin names."""
        plugins = self.snapshot.document.get("plugins", {})
        return [(slug, server) for slug, plugin in plugins.items() for server in plugin.get("servers", ())]
