"""`${…}`: subscripts, and the operators that change or supply a value."""

from __future__ import annotations

import re
from fnmatch import translate

from governance.engine.normalise.shell.marks import SPLIT, UNKNOWN
from governance.engine.normalise.shell.reading.cursor import NAME, Cursor
from governance.engine.normalise.shell.reading.expansions import ansi

_OPERATOR = re.compile(r":[-=+?]|##?|%%?|//?|\^\^?|,,?|@|[-=+?:]")
_PARAMETER = re.compile(r"[A-Za-z_]\w*|\d+|[@*#?$!-]", re.ASCII)
_PLAIN = re.compile(r"[^'\"`$\\}/]+")
_WILD = re.compile(r"[*?\[]")
_SUBSTRING = re.compile(r"\s*(-?\d{1,5})?\s*(?::\s*(-?\d{1,5})\s*)?")


class Expansions(Cursor):
    """Reads the parameter expansions of a text, and everything that stands inside of them."""

    slashed = False
    """Whether the last operand ended at a `/`."""

    def parameter(self, *, quoted: bool) -> str:
        """The expansion of `${…}`; the place is at the `$`."""
        text = self.text
        self.at += 2
        if text[self.at : self.at + 1] in (" ", "\t", "\n", "|"):
            self.at += text.startswith("|", self.at)
            inner = type(self)(text, self.sink, depth=self.depth + 1)
            inner.at = self.at
            value = self.sink.substitution(inner, closer="}")
            self.at = inner.at
            return self.fields(value, quoted)
        counted = text.startswith("#", self.at) and _PARAMETER.match(text, self.at + 1) is not None
        indirect = text.startswith("!", self.at) and _PARAMETER.match(text, self.at + 1) is not None
        self.at += counted or indirect
        named = _PARAMETER.match(text, self.at)
        if named is None:
            self.sink.lose()
            self._operand(quoted=quoted)
            return UNKNOWN
        self.at = named.end()
        name, subscript = named[0], ""
        if text.startswith("[", self.at):
            self.at += 1
            subscript = self.bracketed()
        values = self._values(name, subscript)
        if counted or (indirect and subscript in {"@", "*"}):
            self._operand(quoted=quoted)
            return UNKNOWN
        if indirect:
            values = [self.value(value) if NAME.fullmatch(value) else UNKNOWN for value in values]
        operator = _OPERATOR.match(text, self.at)
        if operator is None:
            if not text.startswith("}", self.at):
                self.sink.lose()
            self._operand(quoted=quoted)
        else:
            self.at = operator.end()
            values = self._operated(name, values, operator[0], quoted)
        return self.listed(values, quoted, apart="@" in (name, subscript))

    def _values(self, name: str, subscript: str) -> list[str]:
        if name in "@*":
            return list(self.sink.arguments)
        held = self.sink.arrays.get(name)
        if not subscript or held is None:
            return [self.value(name) if name not in {"#", "?", "$", "!", "-"} else UNKNOWN]
        if subscript in {"@", "*"}:
            return list(held.values())
        if re.fullmatch(r"-\d{1,4}", subscript):
            return list(held.values())[int(subscript) :][:1]
        return [held.get(subscript.strip(), UNKNOWN if subscript.strip() not in held else "")]

    def _operand(self, *, quoted: bool, pattern: bool = False, slash: bool = False) -> str:
        """What stands up to the closing `}` (or to a `/` where `slash`), which is passed, with expansions."""
        text = self.text
        parts: list[str] = []
        while self.at < self.end:
            self.sink.budget.spend()
            run = _PLAIN.match(text, self.at)
            if run:
                parts.append(run[0])
                self.at = run.end()
                continue
            char = text[self.at]
            if char == "$":
                parts.append(self.dollar(quoted=quoted))
            elif char == "`":
                parts.append(self.backtick(quoted=quoted))
            else:
                self.at += 1
                if char == "}":
                    self.slashed = False
                    return "".join(parts)
                if char == "/" and slash:
                    self.slashed = True
                    return "".join(parts)
                if char == '"':
                    parts.append(self.double(closing='"'))
                elif char == "'" and (pattern or not quoted):
                    parts.append(self.single())
                elif char == "\\":
                    parts.append(text[self.at : self.at + 1].replace("\n", ""))
                    self.at += 1
                else:
                    parts.append(char)
        self.slashed = False
        self.sink.lose()
        return "".join(parts)

    def _operated(self, name: str, values: list[str], operator: str, quoted: bool) -> list[str]:
        if operator in {"/", "//"}:
            return self._replaced(values, operator, quoted)
        operand = self._operand(quoted=quoted, pattern=operator[0] in "#%^,")
        plain = operand.replace(SPLIT, " ")
        alone = values[0] if len(values) == 1 else ""
        if operator in {":-", "-", ":=", "=", ":?", "?"}:
            if [value for value in values if value not in {"", UNKNOWN}]:
                return values
            if operator in {":=", "="} and NAME.fullmatch(name):
                self.sink.variables[name] = plain
            return [operand] if operator[-1] != "?" else values
        if operator in {":+", "+"}:
            return [operand]
        if operator == ",,":
            return [value.lower() for value in values]
        if operator == "^^":
            return [value.upper() for value in values]
        if operator in {",", "^"}:
            change = str.lower if operator == "," else str.upper
            return [change(value[:1]) + value[1:] for value in values]
        if operator == "@":
            if plain == "P" and ("$" in alone or "`" in alone):
                return [self.inside(alone).double(closing="")]
            return [ansi(value) for value in values] if plain == "E" else values
        if operator == ":":
            self.arithmetic(plain)
            return self._sliced(name, values, plain)
        return [self._cut(value, plain, operator) for value in values]

    def _cut(self, value: str, pattern: str, operator: str) -> str:
        """A value without what a pattern covers at its beginning (`#`) or its end (`%`), the longest where doubled."""
        if len(value) > 256 or not _WILD.search(pattern):
            return (str.removeprefix if operator[0] == "#" else str.removesuffix)(value, pattern)
        self.sink.budget.spend(len(value))
        covers = re.compile(translate(pattern)).match
        lengths = range(len(value), -1, -1) if len(operator) == 2 else range(len(value) + 1)
        for length in lengths:
            if covers(value[:length] if operator[0] == "#" else value[len(value) - length :]):
                return value[length:] if operator[0] == "#" else value[: len(value) - length]
        return value

    def _sliced(self, name: str, values: list[str], operand: str) -> list[str]:
        found = _SUBSTRING.fullmatch(operand)
        if found is None:
            return values
        offset, length = int(found[1] or 0), int(found[2]) if found[2] else None
        if name in "@*":
            offset -= offset > 0
            return values[offset:][:length] if length is None or length >= 0 else values[offset:]
        if len(values) != 1:
            return values[offset:][:length]
        known = "/" + values[0] if values[0] in {"~", "."} else values[0]
        return [known[offset:][:length]]

    def _replaced(self, values: list[str], operator: str, quoted: bool) -> list[str]:
        old = self._operand(quoted=quoted, pattern=True, slash=True).replace(SPLIT, " ")
        new = self._operand(quoted=quoted, pattern=True).replace(SPLIT, " ") if self.slashed else ""
        if not old or "*" in old or "?" in old or "[" in old:
            return values
        return [value.replace(old, new, -1 if operator == "//" else 1) for value in values]
