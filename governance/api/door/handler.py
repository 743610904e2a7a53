"""Behind Django's handler: its request as the exchange that the inline lane would make, and a reply as its response."""

from __future__ import annotations

import time
from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse

from accounts.credentials.forwarded import hop_of
from governance.api.door.exchange import Exchange, Headers, Reply, by_name
from governance.api.door.request_id import request_id_of

NO_PARAMETERS: Mapping[str, str] = {}


def exchange_of(request: HttpRequest, parameters: Mapping[str, str] = NO_PARAMETERS) -> Exchange:
    """The request without its body, which the door reads when it wants it. Raises `Problem` 400 for a duplicate of a
    header that decides something."""
    headers = headers_of(request)
    peer = request.META.get("REMOTE_ADDR", "")
    return Exchange(
        method=request.method or "",
        path=request.path,
        query=request.META.get("QUERY_STRING", "").encode("latin-1", "replace"),
        headers=headers,
        body=b"",
        peer=peer,
        hop=hop_of(getattr(request, "scope", {})) or peer,
        request_id=id_of(request),
        received_at=time.time(),
        parameters=parameters,
        named=by_name(headers),
    )


def id_of(request: HttpRequest) -> str:
    """The request's id: the one that the middleware gave it, else the caller's or a new one, the same at every look."""
    known = request.META.get("toolgate.request_id")
    if known is None:
        known = request.META["toolgate.request_id"] = request_id_of(headers_of(request))
    return str(known)


def headers_of(request: HttpRequest) -> Headers:
    """Header names in lower case with their values, as ASGI has them."""
    scope = getattr(request, "scope", None)
    if scope is not None:
        raw: Headers = tuple(scope["headers"])
        return raw
    return tuple((name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in request.headers.items())


def respond(reply: Reply) -> HttpResponse:
    """A reply as Django's response."""
    response = HttpResponse(reply.body, status=reply.status, content_type=reply.content_type or None)
    for name, value in reply.headers:
        response.headers[name] = value
    return response
