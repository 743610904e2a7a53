"""What a deciding door receives and returns, the same in the inline lane and behind Django's handler.

An answer function is `async (Exchange) -> Reply`; it raises `Problem` for everything that is not an answer, and
`reply_to` turns that into problem details (RFC 9457) in one place.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from governance.engine.call import Json

Headers = tuple[tuple[bytes, bytes], ...]
ReplyHeaders = tuple[tuple[str, str], ...]

JSON_TYPE = "application/json"
PROBLEM_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request: header names in lower case, `peer` the client's address, `received_at` in seconds UTC."""

    method: str
    path: str
    query: bytes
    headers: Headers
    body: bytes
    peer: str
    request_id: str
    received_at: float
    parameters: Mapping[str, str] = field(default_factory=dict)

    def header(self, name: bytes) -> str | None:
        """The only value of a header; None where it is absent. Several values are a `Problem`."""
        found = [value for key, value in self.headers if key == name]
        if len(found) > 1:
            raise Problem(400, "header.duplicate", f"The header {name.decode()} was sent more than once.")
        return found[0].decode("latin-1") if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer: status, body bytes, content type and further headers."""

    status: int
    body: bytes
    content_type: str = JSON_TYPE
    headers: ReplyHeaders = ()


Answer = Callable[[Exchange], Awaitable[Reply]]


class Problem(Exception):
    """Why a request is not answered: status, a stable code, a sentence, and the path of the field if there is one."""

    def __init__(
        self, status: int, code: str, detail: str, *, path: str | None = None, headers: ReplyHeaders = (), **extra: Json
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.path = path
        self.headers = headers
        self.extra = extra

    def document(self, request_id: str) -> dict[str, Any]:
        """The problem details as JSON: type, title, status, code, detail, request_id, and path where there is one."""
        document: dict[str, Any] = {
            "type": f"urn:toolgate:problem:{self.code}",
            "title": TITLES.get(self.status, "Error"),
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
            "request_id": request_id,
        }
        if self.path is not None:
            document["path"] = self.path
        return {**document, **self.extra}


TITLES: Mapping[int, str] = {
    400: "Bad request",
    401: "Not authenticated",
    403: "Not permitted",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    409: "Conflict",
    413: "Body too large",
    415: "Unsupported media type",
    422: "Not processable",
    429: "Too many requests",
    500: "Error",
    503: "Not available",
}


def json_reply(document: Any, *, status: int = 200, headers: ReplyHeaders = ()) -> Reply:
    """An answer with a JSON body."""
    return Reply(status=status, body=orjson.dumps(document), headers=headers)


def problem_reply(problem: Problem, request_id: str) -> Reply:
    """An answer with problem details."""
    return Reply(
        status=problem.status,
        body=orjson.dumps(problem.document(request_id)),
        content_type=PROBLEM_TYPE,
        headers=problem.headers,
    )
