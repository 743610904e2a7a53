"""Reading a body as AuthZEN has it: whatever is wrong with it, its type included, is a 400 (certification 2.4.3)."""

from __future__ import annotations

from typing import Any

from governance.api.door.body import read_body
from governance.api.door.exchange import Exchange, Problem


def read_question(exchange: Exchange) -> dict[str, Any]:
    """Return the request's JSON object; raise `Problem` 400, or 413 for one that is too large."""
    try:
        return read_body(exchange)
    except Problem as problem:
        if problem.status == 415:
            raise Problem(400, problem.code, problem.detail) from None
        raise
