"""What a caller may ask about itself: `GET /api/v1/surface`, `/api/v1/me`, and the API's front door `/api/v1/`."""

from __future__ import annotations

from urllib.parse import parse_qs

from governance.api.door.attempt import charge_request
from governance.api.door.exchange import Exchange, Reply, json_reply
from governance.api.door.identify import identify
from governance.api.door.paging import limit_of, only_known_once
from governance.deciding.runtime import Runtime
from governance.engine.asking.surface import SurfaceEntity
from governance.engine.moment import moment

PAGE = 1_000  # entities a page, unless `limit` asks for fewer
RATE_CLASS = "agents"
QUERY_FIELDS = frozenset({"after", "limit"})


async def answer_front_door(runtime: Runtime, exchange: Exchange) -> Reply:
    """Name, version and endpoints; open to everybody, since it tells nothing of the policy."""
    headers = await charge_request(runtime, None, exchange, rate_class=RATE_CLASS)
    return json_reply(
        {
            "name": "Toolgate",
            "version": runtime.version,
            "endpoints": {
                "decisions": "/api/v1/decisions",
                "batch": "/api/v1/decisions/batch",
                "surface": "/api/v1/surface",
                "me": "/api/v1/me",
                "claude_code": "/hooks/claude-code",
                "authzen": "/.well-known/authzen-configuration",
                "schema": "/api/schema/",
            },
        },
        headers=headers,
    )


async def answer_me(runtime: Runtime, exchange: Exchange) -> Reply:
    """Who the caller is, as verified."""
    identity = identify(runtime, exchange)
    headers = await charge_request(runtime, identity, exchange, rate_class=RATE_CLASS)
    caller, principal = identity.caller, identity.caller.principal
    return json_reply(
        {
            "principal": {
                "id": principal.id,
                "kind": principal.kind,
                "tier": principal.tier.word,
                "roles": sorted(principal.roles),
                "groups": sorted(principal.groups),
                "departments": sorted(principal.departments),
            },
            "agent": caller.agent,
            "session_id": caller.session_id,
            "expires_at": moment(identity.expires_at),
        },
        headers=headers,
    )


async def answer_surface(runtime: Runtime, exchange: Exchange) -> Reply:
    """Every entity that exists for the caller, by kind and id; `next` is what `after` takes for the next page."""
    identity = identify(runtime, exchange)
    headers = await charge_request(runtime, identity, exchange, rate_class=RATE_CLASS)
    after, limit = _page(exchange)
    places = runtime.surface_of(identity, now=exchange.received_at)
    rest = [place for place in places if _cursor(place) > after] if after else list(places)
    shown = rest[:limit]
    return json_reply(
        {
            "entities": [
                {"kind": place.kind, "id": place.id, "name": place.name, "description": place.description}
                for place in shown
            ],
            "next": _cursor(shown[-1]) if len(rest) > limit else None,
        },
        headers=headers,
    )


def _cursor(place: SurfaceEntity) -> str:
    return f"{place.kind}:{place.id}"


def _page(exchange: Exchange) -> tuple[str, int]:
    query = parse_qs(exchange.query.decode("latin-1"), keep_blank_values=True)
    only_known_once(query, QUERY_FIELDS)
    return query.get("after", [""])[0], limit_of(query.get("limit", [str(PAGE)])[0], most=PAGE)
