"""The condition of a statement: where it stands, and whether its form alone makes it hold for every row."""

from __future__ import annotations

from governance.engine.normalise.sql import SqlToken

_COMPARISONS = frozenset({"=", "<", ">", "<=", ">=", "<>", "!=", "<=>", "like"})
_END_OF_WHERE = frozenset("order limit returning group having union offset fetch for option on".split())


def where_of(rest: list[SqlToken]) -> list[SqlToken] | None:
    """The condition of the statement itself, not of a subquery; None when it has none."""
    level = 0
    start: int | None = None
    for place, token in enumerate(rest):
        if token.kind == "operator" and token.value == "(":
            level += 1
        elif token.kind == "operator" and token.value == ")":
            level -= 1
            if level < 0:
                return rest[start:place] if start is not None else None
        elif level == 0 and token.kind == "word":
            if token.value == "where" and start is None:
                start = place + 1
            elif start is not None and token.value in _END_OF_WHERE:
                return rest[start:place]
    return rest[start:] if start is not None else None


def _split(tokens: list[SqlToken], *joiners: str) -> list[list[SqlToken]]:
    parts: list[list[SqlToken]] = [[]]
    level = 0
    between = False
    for token in tokens:
        if token.kind == "operator":
            level += {"(": 1, ")": -1}.get(token.value, 0)
        if level == 0 and token.kind in {"word", "operator"}:
            if token.value == "between":
                between = True
            elif token.value in joiners:
                if between and token.value == "and":
                    between = False
                else:
                    parts.append([])
                    continue
        parts[-1].append(token)
    return parts


def always_true(tokens: list[SqlToken], depth: int = 0) -> bool:
    """Whether a condition holds for every row, by its form alone."""
    if depth > 8:
        return False
    if not tokens:
        return True
    choices = _split(tokens, "or", "||")
    if len(choices) > 1:
        return any(choice and always_true(choice, depth + 1) for choice in choices)
    needed = _split(tokens, "and", "&&")
    if len(needed) > 1:
        return all(part and always_true(part, depth + 1) for part in needed)
    if tokens[0].value == "(" and tokens[-1].value == ")" and tokens[0].kind == "operator":
        return always_true(tokens[1:-1], depth + 1)
    if tokens[0].kind == "word" and tokens[0].value == "not":
        return _never_true(tokens[1:])
    return _constant(tokens)


def _constant(tokens: list[SqlToken]) -> bool:
    values = [token.value for token in tokens]
    if len(tokens) == 1:
        return (
            (tokens[0].kind == "word" and values[0] == "true")
            or (tokens[0].kind == "number" and values[0].strip("0.") != "")
            or (tokens[0].kind == "string" and values[0][:1] in set("123456789"))
        )
    if values[:3] == ["exists", "(", "select"] and "from" not in values:
        return True
    for place, token in enumerate(tokens):
        if token.value in _COMPARISONS and token.kind in {"operator", "word"}:
            return _compares_true(tokens[:place], token.value, tokens[place + 1 :])
    name = [token.value for token in tokens if token.kind in {"word", "quoted"}]
    return name[-3:] == ["is", "not", "null"] and len(name) >= 4 and _is_key(name[-4])


def _is_key(name: str) -> bool:
    return name in {"id", "_id", "rowid", "ctid", "uuid", "pk", "oid"}


def _compares_true(left: list[SqlToken], comparison: str, right: list[SqlToken]) -> bool:
    if not left or not right:
        return False
    if comparison == "like":
        return len(right) == 1 and right[0].kind == "string" and set(right[0].value) <= {"%"} and right[0].value != ""
    if left == right:
        return comparison in {"=", "<=", ">=", "<=>"}
    literal = {"number", "string"}
    if len(left) == len(right) == 1 and left[0].kind in literal and right[0].kind in literal:
        one, two = left[0].value, right[0].value
        try:
            order = (float(one) > float(two)) - (float(one) < float(two))
        except ValueError:
            order = (one > two) - (one < two)
        return {"=": order == 0, "<": order < 0, ">": order > 0, "<=": order <= 0, ">=": order >= 0}.get(
            comparison, order != 0
        )
    if all(token.kind in {"number", "operator"} for token in left + right):
        return comparison == "="
    if len(left) <= 3 and left[-1].kind in {"word", "quoted"} and _is_key(left[-1].value) and len(right) == 1:
        return (comparison in {">", ">=", "<>", "!="} and right[0].value in {"0", "-1", ""}) or (
            comparison in {"<", "<=", "<>", "!="} and len(right[0].value) > 9
        )
    return (
        len(right) == 2
        and right[0].value == "-"
        and comparison in {">", ">=", "<>", "!="}
        and left[-1].kind in {"word", "quoted"}
        and _is_key(left[-1].value)
    )


def _never_true(tokens: list[SqlToken]) -> bool:
    if len(tokens) == 1:
        return tokens[0].value in {"false", "0"}
    if tokens and tokens[0].value == "(" and tokens[-1].value == ")":
        return _never_true(tokens[1:-1])
    return (
        len(tokens) == 3
        and tokens[0].kind == tokens[2].kind == "number"
        and tokens[1].value == "="
        and tokens[0].value != tokens[2].value
    )
