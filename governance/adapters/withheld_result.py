"""What stands in place of a tool's result that is withheld: the same shape, and nothing of what it said.

Claude Code checks the replacement of a built-in tool's result against that tool's own shape, drops one that differs and
shows the model the original. So objects stay objects, numbers numbers, and the words by which it tells shapes apart
stay as they are; every other text is replaced.
"""

from __future__ import annotations

import re

from governance.engine.call import Json
from governance.engine.detection.tokenlike import is_plain_id

WITHHELD = "[withheld]"
DEEPEST = 128  # containers inside each other
LONGEST_NAME = 64  # characters of a member's name
WORDS = frozenset(
    "text image audio document notebook pdf parts file_unchanged resource resource_link create update code markdown "
    "raw replace insert delete content files_with_matches count pending in_progress completed async_launched running "
    "failed killed success timeout not_ready local_bash local_agent standard priority batch high medium low python "
    "bash image/png image/jpeg image/gif image/webp application/pdf text/plain".split()
)
"""Values by which the client's shapes are told apart (read from its documentation, August to October 2026)."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_SNAKE = re.compile(r"[a-z]+(?:_(?:[a-z]+|[0-9]{1,2}[a-z]?))*", re.ASCII)  # as in ephemeral_5m_input_tokens


class NoShape(Exception):
    """A result that cannot be replaced in its own shape: there is none, or it is a picture, or nested too deep."""


def withheld_result(result: Json, reason: str) -> Json:
    """The replacement of `result`. Raises `NoShape`."""
    if result is None:
        raise NoShape
    return f"{WITHHELD} {reason}" if isinstance(result, str) else _blank(result, DEEPEST)


def _blank(value: Json, depth: int) -> Json:
    if depth == 0:
        raise NoShape
    if isinstance(value, dict):
        if _is_media(value):
            raise NoShape  # what is no picture any more would make the client's next request fail
        return {_name(key, at): _blank(item, depth - 1) for at, (key, item) in enumerate(value.items())}
    if isinstance(value, list):
        return [_blank(item, depth - 1) for item in value]
    if isinstance(value, str):
        return value if not value or value in WORDS else WITHHELD
    if isinstance(value, bool) or value is None:
        return value
    return 0


def _is_media(value: dict[str, Json]) -> bool:
    return bool(value.get("base64")) or ("data" in value and ("mimeType" in value or "media_type" in value))


def _name(key: str, at: int) -> str:
    """A member's name where it is one; a name that could be a credential is told by its place."""
    plain = len(key) <= LONGEST_NAME and (_SNAKE.fullmatch(key) or (_NAME.fullmatch(key) and is_plain_id(key)))
    return key if plain else f"{WITHHELD}#{at}"
