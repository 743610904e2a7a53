"""Expansions that need no state: the braces `{a,b}` and `{1..3}` of an unquoted word, and the escapes of `$'…'`."""

from __future__ import annotations

import re
from collections.abc import Callable

from governance.engine.normalise.shell.marks import UNKNOWN

_INNERMOST = re.compile(r"(?<!\$)\{([^{}]*,[^{}]*)\}")
_RANGE = re.compile(r"(?<!\$)\{(-?\d{1,4}|[A-Za-z])\.\.(-?\d{1,4}|[A-Za-z])(?:\.\.-?\d{1,4})?\}")
_ANSI = re.compile(
    r"\\(?:x([0-9a-fA-F]{1,2})|([0-7]{1,3})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|c(.)|(.))", re.DOTALL
)
_ANSI_CHARS = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "v": "\v"}
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
            choices = [found[1], found[2]] if found[1] != found[2] else [found[1]]
        spend(len(choices))
        pending += [current[: found.start()] + choice + current[found.end() :] for choice in choices[:_MAX_WORDS]]
    return done + pending


def ansi(text: str) -> str:
    """Text with the escapes of `$'…'`, `echo -e` and `printf` taken out."""

    def plain(found: re.Match[str]) -> str:
        if found[1] or found[3] or found[4]:
            point = int(found[1] or found[3] or found[4], 16)
            return chr(point) if point < 0x110000 else UNKNOWN
        if found[2]:
            return chr(int(found[2], 8) & 0xFF)
        if found[5]:
            return chr(ord(found[5]) & 0x1F)
        return _ANSI_CHARS.get(found[6], found[6] if found[6] in "\\'\"?" else "\\" + found[6])

    return _ANSI.sub(plain, text)
