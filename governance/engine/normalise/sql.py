"""SQL as statements and tokens: strings, quoted names, nested and versioned comments, dollar quotes.

The tokenizer accepts the union of what PostgreSQL, MySQL, SQL Server and SQLite read, so that a spelling which one of
them would run is seen. Nothing is executed and no grammar is assumed beyond where a statement begins and ends.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from governance.engine.normalise.shell.budget import Budget


def _tokens(line: str, *, escapes: bool) -> re.Pattern[str]:
    """The tokens of one dialect: where a comment after `--` ends, and whether a backslash escapes a quote."""
    backslash, plain = (r"|\\.", r"\\") if escapes else ("", "")
    return re.compile(
        r"(?P<space>\s+)"
        r"|(?P<line>" + line + r"|\#(?![>\-#\w\"\[])[^\n]*)"
        r"|(?P<version>/\*M?!\d{0,6})"
        r"|(?P<block>/\*)"
        r"|(?P<close>\*/)"
        r"|(?P<string>[eE]'(?:[^'\\]|\\.|'')*(?P<ended>'|$)"
        r"|[nNbBxX]?'(?:[^'" + plain + r"]|''" + backslash + r")*(?P<closed>'|$))"
        r"|(?P<dollar>\$(?:[A-Za-z_]\w*)?\$)"
        r"|(?P<quoted>\"(?:[^\"" + plain + r"]|\"\"" + backslash + r")*(?:\"|$)|`(?:[^`]|``)*(?:`|$)"
        r"|\[[A-Za-z_][^\]\n]*\])"
        r"|(?P<number>0[xX][0-9a-fA-F]+|\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)"
        r"|(?P<word>[A-Za-z_#@\u0080-\uffff][\w$#@]*)"
        r"|(?P<operator><=>|<>|!=|<=|>=|\|\||&&|::|:=|[-+*/%=<>!~^&|(),;.?:{}\[\]$\\@#])"
        r"|(?P<other>.)",
        re.DOTALL,
    )


_LINES = {
    "plain": r"--[^\n]*",
    "return": r"--[^\r\n]*",
    "spaced": r"--(?!\S)[^\n]*|(?<![^\n])--(?![\d(])[^\n]*",
}
"""How `--` is read: to the line feed, to a carriage return too, or (MySQL) as two minus signs without a space."""
_TOKENS = {
    (name, escapes): _tokens(line, escapes=escapes) for name, line in _LINES.items() for escapes in (True, False)
}
_ESCAPED_QUOTE = re.compile(r"\\['\"]")
_UNSPACED = re.compile(r"[^\n]--\S|\n--[\d(]")


@dataclass(frozen=True, slots=True)
class SqlToken:
    """One token: `kind` is word, quoted, string, number or operator; `value` is folded to lower case and unquoted
    (strings keep case).
    """

    kind: str
    value: str


Statement = list[SqlToken]


@dataclass(frozen=True, slots=True)
class Statements:
    """What a text holds; `lost` is true where a string, a name or a comment does not end under any reading."""

    found: list[Statement]
    lost: bool


def read_statements(text: str, budget: Budget) -> Statements:
    """The statements of `text`, comments taken out; versioned comments (`/*! … */`) are code.

    Where dialects disagree on where a string or a comment ends, those of every reading. TooComplexError when over
    budget.
    """
    lines = ["plain"]
    if "--" in text:
        lines += ["return"] if "\r" in text else []
        lines += ["spaced"] if _UNSPACED.search(text) else []
    escapes = [True, False] if _ESCAPED_QUOTE.search(text) else [True]
    found: list[Statement] = []
    lost = True
    for line in lines:
        for escaping in escapes:
            read, unended = _read(text, budget, _TOKENS[line, escaping])
            found += read
            lost = lost and unended
    return Statements(found, lost)


def _read(text: str, budget: Budget, tokens: re.Pattern[str]) -> tuple[list[Statement], bool]:
    """The statements under one reading, and whether something in them does not end."""
    found: list[Statement] = []
    current: Statement = []
    at, end = 0, len(text)
    versioned = 0
    lost = False
    match = tokens.match
    while at < end:
        token = match(text, at)
        if token is None:
            break
        budget.spend()
        at = token.end()
        kind = token.lastgroup
        value = token[0]
        if kind == "space" or kind == "line":
            continue
        if kind == "version":
            versioned += 1
        elif kind == "block":
            lost = lost or text.find("*/", at) < 0
            at = _after_comment(text, at)
        elif kind == "close":
            versioned = max(0, versioned - 1)
        elif kind == "string":
            lost = lost or not (token["ended"] or token["closed"])
            start = value.index("'") + 1
            current.append(SqlToken("string", value[start:].removesuffix("'").replace("''", "'")))
        elif kind == "dollar":
            stop = text.find(value, at)
            lost = lost or stop < 0
            current.append(SqlToken("string", text[at : stop if stop >= 0 else end]))
            at = stop + len(value) if stop >= 0 else end
        elif kind == "quoted":
            lost = lost or len(value) < 2 or value[-1] not in '"`]'
            current.append(SqlToken("quoted", value[1:-1].lower()))
        elif kind == "word":
            current.append(SqlToken("word", value.lower()))
        elif kind == "number":
            current.append(SqlToken("number", value))
        elif value == ";":
            if current:
                found.append(current)
                current = []
        elif value == "\\" and text[at : at + 2].lower() in {"g ", "g\n", "gx"}:
            found.append(current)
            current = []
        else:
            current.append(SqlToken("operator", value))
    if current:
        found.append(current)
    return found, lost or versioned > 0


def _after_comment(text: str, at: int) -> int:
    """Where a block comment ends, counting nested ones as PostgreSQL does; where they do not close, at the first end as
    others do.
    """
    level, place = 1, at
    while level:
        opening, closing = text.find("/*", place), text.find("*/", place)
        if closing < 0:
            first = text.find("*/", at)
            return len(text) if first < 0 else first + 2
        if 0 <= opening < closing:
            level, place = level + 1, opening + 2
            if level > 64:
                first = text.find("*/", at)
                return first + 2
        else:
            level, place = level - 1, closing + 2
    return place


_START = re.compile(
    r"\s*(?:/\*.*?\*/\s*|--[^\n]*\n\s*|[(;]\s*)*(?:(?:drop|alter|create)\s+[\w\"`\[]|truncate\s+[\w\"`\[/]"
    r"|delete\s*(?:/\*.*?\*/\s*)*(?:from|\w+(?:\.\w+)?\s+(?:where|from))\b|"
    r"update\s+.{1,200}?\bset\b|insert\s+into\b|select\b.+|grant\s+\w+.*\bto\b|revoke\s+.*\bfrom\b"
    r"|with\s+(?:recursive\s+)?[\w\"`]+.{0,200}?\bas\s*(?:not\s+materialized\s*|materialized\s*)?\(|copy\s+.+\b(?:to"
    r"|from)\b|"
    r"exec(?:ute)?\s+\S+|merge\s+into\b|call\s+\w+|load\s+data\b|do\s+(?:\$|language)|attach\s+database|begin\s*;"
    r"|shutdown\s*;|/\*!|use\s+\w+\s*;|set\s+\w+.*;)",
    re.IGNORECASE | re.DOTALL,
)


def is_sql_shaped(text: str) -> bool:
    """Whether a text begins as a statement does, and not merely with a word that statements begin with."""
    return _START.match(text[:2048]) is not None
