"""Text that a caller chose and that goes into an error or a log: what could be a credential is left out of it.

Such text is never looked through by the secrets layer, since it comes of requests that are refused before it. So the
rule is plain and errs on the side of saying less: a long run of letters and digits mixed is taken for a credential.
"""

from __future__ import annotations

import re

LEFT_OUT = "…"
_RUN = re.compile(r"[A-Za-z0-9+_=~%-]{10,}", re.ASCII)
_PLAIN = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"  # a UUID
    r"|\d{4}-\d\d-\d\dT\d\d",  # how a time begins
    re.ASCII,
)
_CHANGE_OF_CASE = re.compile(r"(?<=[a-z])[A-Z]|(?<=[A-Z])[a-z]", re.ASCII)
_MOST_CHANGES = 0.4  # of the letters; in words run together every third at most, in random letters every second
# Forms of which ids are made and credentials hardly are: hexadecimal (UUID, trace id) and ULID.
_ID = re.compile(r"[0-9a-fA-F-]{1,64}|[0-9A-HJKMNP-TV-Z]{26}", re.ASCII)


def without_tokens(text: str) -> str:
    """The text with every run of characters that could be a credential replaced by `…`."""
    return _RUN.sub(_shown, text)


def is_plain_id(text: str) -> bool:
    """Whether an id that a caller chose may be repeated: hexadecimal, a ULID, or nothing that could be a credential."""
    return _ID.fullmatch(text) is not None or without_tokens(text) == text


def _shown(found: re.Match[str]) -> str:
    run = found.group()
    if _PLAIN.fullmatch(run):
        return run
    has_digit = any(char.isdigit() for char in run)
    has_letter = any(char.isalpha() for char in run)
    if has_digit and has_letter:
        return LEFT_OUT
    return LEFT_OUT if len(_CHANGE_OF_CASE.findall(run)) > _MOST_CHANGES * len(run) else run
