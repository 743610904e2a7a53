"""Glob patterns as regular expressions: `*` within a segment, `**` across, `?` one character."""

from __future__ import annotations

import re


def glob_expression(pattern: str) -> str:
    """The RE2 expression, to be matched in full, of a glob over `/`-separated segments.

    `**/x` also matches `x`, and `x/**` also matches `x` itself, so that what stands for a folder covers the folder.
    """
    out: list[str] = []
    at = 0
    while at < len(pattern):
        if pattern.startswith("/**", at) and at + 3 == len(pattern) and at > 0:
            out.append("(?:/.*)?")
            at += 3
        elif pattern.startswith("/**/", at):
            out.append("/(?:.*/)?")
            at += 4
        elif at == 0 and pattern.startswith("**/"):
            out.append("(?:.*/)?")
            at += 3
        elif pattern.startswith("**", at):
            out.append(".*")
            at += 2
        elif pattern[at] == "*":
            out.append("[^/]*")
            at += 1
        elif pattern[at] == "?":
            out.append("[^/]")
            at += 1
        else:
            out.append(re.escape(pattern[at]))
            at += 1
    return "".join(out)
