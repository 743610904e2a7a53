"""What a deciding door receives and returns, the same in the inline lane and behind Django's handler.

An answer function is `async (Exchange) -> Reply`; it raises `Problem` for everything that is not an answer, and
`problem_reply` turns that into problem details (RFC 9457) in one place.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

import orjson

from governance.engine.call import Json
from governance.engine.detection.tokenlike import without_tokens

Headers = tuple[tuple[bytes, bytes], ...]
ReplyHeaders = tuple[tuple[str, str], ...]

JSON_TYPE = "application/json"
PROBLEM_TYPE = "application/problem+json"
MAX_BODY = 256 * 1024  # bytes; 40-api.md
ONCE = frozenset({b"authorization", b"content-type", b"content-length", b"content-encoding", b"host", b"x-request-id"})


class Exchange(NamedTuple):
    """One request: header names in lower case, `peer` the client's address, `received_at` in seconds UTC.

    `hop` is the address that the connection came from: a trusted proxy's where one passed the request on, else `peer`.

    `named` holds the header values by name (`by_name`). A named tuple, because it is made for every request and a
    frozen dataclass of this size takes four times as long to make.
    """

    method: str
    path: str
    query: bytes
    headers: Headers
    body: bytes
    peer: str
    hop: str
    request_id: str
    received_at: float
    parameters: Mapping[str, str]
    named: Mapping[bytes, bytes]


class Reply(NamedTuple):
    """One answer: status, body bytes, content type and further headers."""

    status: int
    body: bytes
    content_type: str = JSON_TYPE
    headers: ReplyHeaders = ()


Answer = Callable[[Exchange], Awaitable[Reply]]


def by_name(headers: Headers) -> dict[bytes, bytes]:
    """Header values by name. A duplicate of a header that decides something is a `Problem`."""
    named = dict(headers)
    if len(named) < len(headers):
        seen: set[bytes] = set()
        for key, _ in headers:
            if key in ONCE and key in seen:
                raise Problem(400, "header.duplicate", f"The header {key.decode()} was sent more than once.")
            seen.add(key)
    return named


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
            "detail": without_tokens(self.detail),
            "request_id": request_id,
        }
        if self.path is not None:
            document["path"] = without_tokens(self.path)
        return {**document, **{name: _cleaned(value) for name, value in self.extra.items()}}


def _cleaned(value: Any) -> Any:
    """What a problem says beside its detail, cleaned likewise; the texts of a list of errors are callers' too."""
    if isinstance(value, list):
        return [_cleaned(item) for item in value]
    if isinstance(value, dict):
        return {name: without_tokens(item) if isinstance(item, str) else item for name, item in value.items()}
    return value


TITLES: Mapping[int, str] = {
    400: "Bad request",
    401: "Not authenticated",
    403: "Not permitted",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    409: "Conflict",
    412: "Precondition failed",
    413: "Body too large",
    415: "Unsupported media type",
    422: "Not processable",
    428: "Precondition required",
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
