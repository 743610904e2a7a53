"""Brace expansion: `{a,b}` and `{1..3}` in an unquoted word."""

from __future__ import annotations

import re
from collections.abc import Callable

_INNERMOST = re.compile(r"(?<!\$)\{([^{}]*,[^{}]*)\}")
_RANGE = re.compile(r"(?<!\$)\{(-?\d{1,4}|[A-Za-z])\.\.(-?\d{1,4}|[A-Za-z])(?:\.\.-?\d{1,4})?\}")
_MAX_WORDS = 64
_MAX_LENGTH = 1024


def braces(word: str, spend: Callable[[int], None]) -> list[str]:
    """The words that `word` expands to, at most 64; itself when it holds no expansion."""
    if len(word) > _MAX_LENGTH:
        return [word]
    pending: list[str] = [word]
    done: list[str] = []
    while pending and len(pending) + len(done) < _MAX_WORDS:
        current = pending.pop(0)
        found = _INNERMOST.search(current)
        choices: list[str]
        if found:
            choices = found[1].split(",")
        else:
            found = _RANGE.search(current)
            if found is None:
                done.append(current)
                continue
            choices = [found[1], found[2]]
        spend(len(choices))
        pending += [current[: found.start()] + choice + current[found.end() :] for choice in choices[:_MAX_WORDS]]
    return done + pending
