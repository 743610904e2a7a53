"""The refusals that doors share, each said once as problem details (RFC 9457).

What one route alone refuses, it says itself. A client with a form of its own (`Route.refusal`) is told the same in it.
"""

from __future__ import annotations

from accounts.identity.authenticator import challenge
from accounts.tokens.errors import CredentialError
from governance.api.door.exchange import MAX_BODY, Problem, ReplyHeaders
from governance.deciding.limits.limits import TooManyRequests
from governance.engine.strict_json import BadJson

SOON: ReplyHeaders = (("retry-after", "1"),)
"""For what may pass by itself: try again in a second."""


def unreadable(bad: BadJson) -> Problem:
    """400: a body that is not exactly JSON, with the path of the fault."""
    return Problem(400, "json.invalid", bad.message, path=bad.path)


def no_object() -> Problem:
    """400: a body that is JSON but no object."""
    return Problem(400, "field.type", "The body must be a JSON object.", path="")


def unknown_query(name: str) -> Problem:
    """400: a parameter of the query that this route does not know, or that was given twice."""
    return Problem(400, "query.unknown", "Not known here, or given twice.", path=f"?{name}")


def unauthenticated(error: CredentialError, *, issuer: str) -> Problem:
    """401: no credential, or none that is good here, with the challenge that says where to get one."""
    metadata = f"{issuer}/.well-known/oauth-protected-resource"
    said = challenge(error, metadata_url=metadata)
    return Problem(401, error.code, error.reason, headers=(("www-authenticate", said),))


def unknown_path() -> Problem:
    """404: a path that nobody serves."""
    return Problem(404, "path.unknown", "There is nothing at this path.")


class BodyTooLarge(Problem):
    """413: a body beyond `most` bytes; `beginning` is what was read of it, for a client whose answer depends on its
    event."""

    def __init__(self, beginning: bytes = b"", *, most: int = MAX_BODY) -> None:
        super().__init__(413, "body.too_large", f"The body must be at most {most} bytes.")
        self.beginning = beginning


def encoded() -> Problem:
    """415: a body that is compressed, or encoded in another way."""
    return Problem(415, "encoding.unsupported", "Content-Encoding is not accepted on this route.")


def no_json() -> Problem:
    """415: a body of another type than JSON."""
    return Problem(415, "type.unsupported", "The content type must be application/json.")


def too_many_requests(refused: TooManyRequests) -> Problem:
    """429: the caller's budget is spent; its headers are `RateLimit-*` and `Retry-After`."""
    return Problem(429, "rate.edge", "Too many requests.", headers=refused.headers)


def unavailable(code: str, detail: str) -> Problem:
    """503: what an answer needs is away for now."""
    return Problem(503, code, detail, headers=SOON)
