"""AuthZEN's searches and discovery: `POST /access/v1/search/{subject,resource,action}`, the well-known document.

What a search finds comes from the surface, so that what is hidden from the subject is found no more than what does not
exist. With `context.arguments` only what would be allowed with exactly these is found; without them conditions are
left out, as everywhere on the surface. Others than oneself are asked about by staff, or by an enforcement point
(scope `pep`) about the subjects and servers that its token lists.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

from accounts.identity.verified import Identity
from governance.adapters.authzen import CALL_ACTION, BadEvaluation
from governance.adapters.authzen_search import Search, Sought, read_search
from governance.api.authzen.body import read_question
from governance.api.door.attempt import Attempt, charge_request
from governance.api.door.exchange import Exchange, Problem, Reply, json_reply
from governance.api.door.identify import identify
from governance.api.door.paging import BadCursor, read_cursor, write_cursor
from governance.deciding.runtime import Runtime
from governance.engine.asking.surface import seen, surface
from governance.engine.call import Call, Door, EntityKind, Labels
from governance.engine.deciding.driver import StandIn, run
from governance.engine.deciding.pipeline import decide
from governance.engine.decision import Effect
from governance.engine.principal import Caller
from governance.selectors.subjects import is_kind, named_subject, subjects

BREATH = 16  # candidates looked at before other requests of this process get a turn


async def answer_configuration(runtime: Runtime, exchange: Exchange) -> Reply:
    """Discovery: where this decision point's endpoints are. Open to everybody."""
    headers = await charge_request(runtime, None, exchange, rate_class="mcp")
    base = f"{runtime.issuer}/access/v1"
    return json_reply(
        {
            "policy_decision_point": runtime.issuer,
            "access_evaluation_endpoint": f"{base}/evaluation",
            "access_evaluations_endpoint": f"{base}/evaluations",
            "search_subject_endpoint": f"{base}/search/subject",
            "search_resource_endpoint": f"{base}/search/resource",
            "search_action_endpoint": f"{base}/search/action",
        },
        headers=headers,
    )


async def answer_search_subject(runtime: Runtime, exchange: Exchange) -> Reply:
    """Who may do this to that resource."""
    return await _searched(runtime, exchange, Sought.SUBJECT)


async def answer_search_resource(runtime: Runtime, exchange: Exchange) -> Reply:
    """To which resources of a type this subject may do that."""
    return await _searched(runtime, exchange, Sought.RESOURCE)


async def answer_search_action(runtime: Runtime, exchange: Exchange) -> Reply:
    """What this subject may do to that resource."""
    return await _searched(runtime, exchange, Sought.ACTION)


async def _searched(runtime: Runtime, exchange: Exchange, sought: Sought) -> Reply:
    identity = identify(runtime, exchange)
    async with Attempt(runtime, identity, exchange) as attempted:
        try:
            search = read_search(read_question(exchange), sought)
        except BadEvaluation as bad:
            raise Problem(400, "search.invalid", bad.message) from None
        for id in (search.subject_id, search.resource_id, search.agent_id):
            if id is not None and len(id) > 300:
                raise Problem(400, "search.invalid", "An id is at most 300 characters.")
        query, reader = _query(search), _reader(identity)
        try:
            after = read_cursor(search.token, reader=reader, query=query, digests=runtime.requests)
        except BadCursor:
            raise Problem(
                400, "cursor.invalid", "This page token was given out for another search, or to somebody else."
            ) from None
        looking = _Looking(runtime, identity, search, exchange.received_at, len(exchange.body))
        found, more = await _page(looking, after, search.limit)
        token = "" if more is None else write_cursor(more, reader=reader, query=query, digests=runtime.requests)
    return json_reply({"page": {"next_token": token, "count": len(found)}, "results": found}, headers=attempted.headers)


async def _page(looking: _Looking, after: str, limit: int) -> tuple[list[dict[str, str]], str | None]:
    """Up to `limit` results behind `after`, and behind what the next page starts (None: there is none)."""
    found: list[dict[str, str]] = []
    last = after
    for number, (key, caller, entity) in enumerate(looking.candidates(after)):
        if number % BREATH == BREATH - 1:
            await asyncio.sleep(0)
        if not looking.holds(caller, entity):
            continue
        if len(found) == limit:
            return found, last
        found.append(looking.result(key))
        last = key
    return found, None


class _Looking:
    """One search on one state of the process."""

    def __init__(self, runtime: Runtime, identity: Identity, search: Search, now: float, size: int) -> None:
        self._snapshot, self._world = runtime.snapshot, runtime.world
        self._identity, self._search, self._now, self._size = identity, search, now, size
        self._kind = search.kind
        claims = identity.claims
        pep = claims is not None and "pep" in claims.scope
        self._staff = runtime.is_staff(identity, now=now)
        self._subjects = frozenset(claims.pep_subjects) if claims is not None and pep else frozenset()
        self._servers = frozenset(claims.pep_servers) if claims is not None and pep else frozenset()

    def candidates(self, after: str) -> Iterator[tuple[str, Caller, str]]:
        """What may be a result, by id: its id, who would ask, and the entity asked about."""
        search = self._search
        if self._kind is None:
            return
        if search.sought is Sought.SUBJECT:
            for name, caller in self._askable(after):
                yield name, caller, search.resource_id or ""
            return
        asked = self._subject()
        if asked is None:
            return
        if search.sought is Sought.ACTION:
            if after < CALL_ACTION:
                yield CALL_ACTION, asked, search.resource_id or ""
            return
        places = surface(self._snapshot, self._world, asked, now=self._now, label=search.agent_id)
        for place in sorted(places, key=lambda place: place.id):
            if place.kind == self._kind and place.id > after:
                yield place.id, asked, place.id

    def holds(self, caller: Caller, entity: str) -> bool:
        """Whether this is a result: on the caller's surface and, where arguments are given, allowed with them."""
        assert self._kind is not None
        if not self._within_reach(caller, entity):
            return False
        if self._search.agent_id is not None and self._search.sought is not Sought.RESOURCE:
            # A label's bounds narrow the surface too; only the whole of it knows them.
            places = surface(self._snapshot, self._world, caller, now=self._now, label=self._search.agent_id)
            if not any(place.kind == self._kind and place.id == entity for place in places):
                return False
        elif not seen(self._snapshot, self._world, caller, self._kind.value, entity, now=self._now):
            return False
        if self._search.arguments is None:
            return True
        call = Call(
            kind=self._kind,
            entity=entity,
            arguments=self._search.arguments,
            size=self._size,
            labels=Labels(agent_id=self._search.agent_id),
            door=Door.AUTHZEN,
        )
        decision = run(decide(self._snapshot, self._world, caller, call, now=self._now), StandIn())
        return decision.effect is Effect.ALLOW

    def result(self, key: str) -> dict[str, str]:
        """A result in AuthZEN's form."""
        search = self._search
        match search.sought:
            case Sought.SUBJECT:
                return {"type": search.subject_type, "id": key}
            case Sought.RESOURCE:
                return {"type": search.resource_type, "id": key}
            case Sought.ACTION:
                return {"name": key}

    def _askable(self, after: str) -> Iterator[tuple[str, Caller]]:
        """The subjects of the type that this reader may ask about: everybody for staff, else oneself."""
        kind, directory = self._search.subject_type, self._world.directory
        if self._staff:
            yield from subjects(directory, self._snapshot, kind, after=after)
            return
        for name in sorted({*self._own(kind), *self._subjects}):
            caller = self._named(kind, name) if name > after else None
            if caller is not None:
                yield name, caller

    def _subject(self) -> Caller | None:
        """Who the search asks about; None for somebody who is not there. Raises `Problem` for a forbidden one."""
        search = self._search
        kind, name = search.subject_type, search.subject_id or ""
        if not self._staff and name not in self._own(kind) and name not in self._subjects:
            raise Problem(403, "subject.other", "The subject must be the token's own principal.")
        return self._named(kind, name)

    def _named(self, kind: str, name: str) -> Caller | None:
        """The verified caller itself for oneself, with its agent and chain; else the directory's principal."""
        if name in self._own(kind):
            return self._identity.caller
        return named_subject(self._world.directory, self._snapshot, kind, name)

    def _own(self, kind: str) -> frozenset[str]:
        caller = self._identity.caller
        if kind == "agent":
            return frozenset({caller.agent} if caller.agent is not None else ())
        return frozenset({caller.principal.id} if is_kind(kind, caller.principal.kind) else ())

    def _within_reach(self, caller: Caller, entity: str) -> bool:
        """Whether an enforcement point may ask about this server; everybody else asks about their own."""
        if self._staff or caller is self._identity.caller:
            return True
        server = entity.partition("/")[0]
        return self._kind in (EntityKind.TOOL, EntityKind.SERVER) and server in self._servers


def _reader(identity: Identity) -> str:
    caller = identity.caller
    return "\n".join((caller.principal.id, caller.agent or "", *(link.agent or "" for link in caller.chain)))


def _query(search: Search) -> list[Any]:
    """What a page token holds for: everything but the page itself."""
    return [
        search.sought,
        search.subject_type,
        search.subject_id,
        search.action,
        search.resource_type,
        search.resource_id,
        dict(search.arguments) if search.arguments is not None else None,
        search.agent_id,
    ]
