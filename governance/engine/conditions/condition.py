"""Conditions: CEL expressions on a call, closed where Google's runtime leaves a trap open.

* A missing field does not raise: it gives a value of type ERROR that is truthy in Python. True is only a value of
  type BOOL that is True; anything else, and any exception, is *unevaluable* and told apart from False.
* The runtime bounds iterations, not memory nor the work of one step: `map` and unbounded `+` are refused at save
  (`condition_syntax`), large arguments and costly loops make a condition unevaluable.
* Equality between values of different types is *unevaluable*, where the runtime says that they differ (`strictness`).
* One activation serves all conditions of a call.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from cel_expr_python import cel

from governance.engine.call import Json
from governance.engine.conditions.argument_schema import ArgumentSchema
from governance.engine.conditions.constants import constant_faults
from governance.engine.conditions.strictness import strict
from governance.engine.conditions.syntax import Shape, UnboundedError, shape_of

MAX_SOURCE = 4_000
"""Characters of one expression."""

MAX_ARGUMENTS = 64 * 1024
"""Bytes of arguments beyond which no condition can be evaluated."""

MAX_FILTERED = 500
"""Members of the largest list or object that a `filter` may meet: the runtime copies its result in each step."""

MAX_RESCANNED = 8 * 1024 * 1024
"""Bytes that a loop may read over and over: iterations times the size of the arguments."""

MAX_ITERATIONS = 10_000
"""The runtime's own budget for one evaluation."""

MEMBERS: Mapping[str, Mapping[str, Any]] = {
    "principal": {
        "id": cel.Type.STRING,
        "kind": cel.Type.STRING,
        "tier": cel.Type.STRING,
        "level": cel.Type.INT,
        "roles": cel.Type.List(cel.Type.STRING),
        "groups": cel.Type.List(cel.Type.STRING),
        "departments": cel.Type.List(cel.Type.STRING),
    },
    "agent": {"id": cel.Type.STRING, "owner": cel.Type.STRING, "tier": cel.Type.STRING},
    "entity": {
        "kind": cel.Type.STRING,
        "name": cel.Type.STRING,
        "server": cel.Type.STRING,
        "sensitivity": cel.Type.STRING,
        "data_sources": cel.Type.List(cel.Type.STRING),
    },
    "call": {"session_id": cel.Type.STRING, "client_id": cel.Type.STRING, "door": cel.Type.STRING},
}
_OBJECT = cel.Type.Map(cel.Type.STRING, cel.Type.DYN)
_VARIABLES = {"args": _OBJECT, "now": cel.Type.TIMESTAMP, **dict.fromkeys(MEMBERS, _OBJECT)}
_ENVIRONMENT = cel.NewEnv(variables=_VARIABLES)
_TYPED = {f"{variable}.{name}": kind for variable, members in MEMBERS.items() for name, kind in members.items()}
_JSON_TYPES = {"string": cel.Type.STRING, "boolean": cel.Type.BOOL, "integer": cel.Type.INT}
_BOOL = cel.Type.BOOL
_NAMED = re.compile(rf"\b(?:{'|'.join(_VARIABLES)})\b")
_PLACE = re.compile(r"<input>:(\d+):(\d+): (.*)")
_COMPARING = re.compile(r"==|!=|\bin\b")
_LOOPING = re.compile(r"\b(?:all|exists|exists_one|filter|map)\b")
_STRINGS = re.compile(r"""[rRbB]{0,2}("{3}.*?"{3}|'{3}.*?'{3}|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')""", re.DOTALL)
_MAPS = re.compile(r"\.\s*map\s*\(")


class ConditionError(ValueError):
    """An expression that cannot be a condition. `line` and `column` count from 1."""

    def __init__(self, message: str, *, line: int, column: int) -> None:
        super().__init__(message)
        self.message, self.line, self.column = message, line, column


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One compiled condition. `shape` is None for an expression without loops, whose cost has no trap.

    `uses` are the variables that its source names, perhaps in a string only: what an activation has to hold.
    """

    source: str
    expression: Any
    shape: Shape | None
    uses: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "uses", frozenset(_NAMED.findall(self.source)))

    def value(self, activation: Activation) -> bool | None:
        """True, False, or None where it cannot be evaluated."""
        if not activation.usable or (self.shape is not None and not activation.affords(self.shape, self.source)):
            return None
        try:
            value = self.expression.eval(activation.native(self.uses))
            if value.type() == _BOOL:
                truth = value.value()
                if truth is True or truth is False:
                    return bool(truth)
        except Exception:
            return None
        return None


@lru_cache(maxsize=16_384)
def compile_condition(source: str) -> Condition:
    """The condition that `source` writes; raises ConditionError with the place of the first fault."""
    if len(source) > MAX_SOURCE:
        raise ConditionError(f"is longer than {MAX_SOURCE} characters", line=1, column=MAX_SOURCE + 1)
    expression = _compile(_ENVIRONMENT, source)
    kind = expression.return_type()
    if not any(kind == good for good in (_BOOL, cel.Type.DYN)):
        raise ConditionError("does not give true or false", line=1, column=1)
    shape = _shape(expression, source) if _LOOPING.search(source) is not None else None
    return Condition(
        source=source, expression=_strict(expression, source), shape=shape if shape and shape.depth else None
    )


def check_condition(source: str, schemas: Sequence[ArgumentSchema] = ()) -> Condition:
    """What is asked of a condition when it is saved: known members, and types that fit them and the pinned schemas.

    Raises ConditionError. A schema that leaves a type open leaves it open here.
    """
    condition = compile_condition(source)
    written = _compile(_ENVIRONMENT, source)
    shape = _shape(written, source)
    for offset, message in constant_faults(written.serialize(), _value_of):
        raise _at(source, offset, message)
    for variable, name, offset in shape.members:
        if variable not in MEMBERS or name not in MEMBERS[variable]:
            known = ", ".join(MEMBERS.get(variable, ()))
            raise _at(source, offset, f"`{variable}` has no member `{name}`; it has {known}")
    for schema in schemas:
        for path, offset in shape.paths:
            if schema.excludes(path):
                raise _at(source, offset, f"the tool's schema has no argument `{'.'.join(path)}`")
    # `has()` wants a member of an object, not the variable that stands for it where types are known.
    if "has(" not in re.sub(r"\s", "", source):
        if shape.members:  # without one the known types say nothing that the first compilation did not
            _check_types(source, shape, None)
        for schema in schemas:
            _check_types(source, shape, schema)
    return condition


def _check_types(source: str, shape: Shape, schema: ArgumentSchema | None) -> None:
    """Compile with the types that are known. JSON's integers also compare with fractions, which CEL's types forbid."""
    types = dict(_TYPED)
    for path, _ in shape.paths if schema is not None else ():
        kind = _JSON_TYPES.get(schema.type_at(path) or "") if schema is not None else None
        if kind is not None and all(re.fullmatch(r"[A-Za-z_]\w*", step) for step in path):
            types[".".join(("args", *path))] = kind
    try:
        _compile(cel.NewEnv(variables={**_VARIABLES, **types}) if schema is not None else _typed_environment(), source)
    except ConditionError as error:
        if "double" not in error.message and "uint" not in error.message:
            raise
        open_numbers = {name: kind for name, kind in types.items() if name in _TYPED or kind != cel.Type.INT}
        _compile(cel.NewEnv(variables={**_VARIABLES, **open_numbers}), source)


@lru_cache(maxsize=1)
def _typed_environment() -> Any:
    """The environment of the members' own types: making one costs as much as compiling."""
    return cel.NewEnv(variables={**_VARIABLES, **_TYPED})


def _compile(environment: Any, source: str) -> Any:
    try:
        return environment.compile(source)
    except Exception as error:
        place = _PLACE.search(str(error))
        line, column = (int(place[1]), int(place[2])) if place else (1, 1)
        message = place[3] if place else str(error).partition("\n")[0]
        raise ConditionError(message, line=max(line, 1), column=max(column, 1)) from None


def _strict(expression: Any, source: str) -> Any:
    """The expression with equality that does not mix types."""
    if _COMPARING.search(source) is None:
        return expression
    try:
        serialized = strict(expression.serialize())
        return expression if serialized is None else _ENVIRONMENT.deserialize(serialized)
    except Exception:
        # Never the lax form: what cannot be made strict cannot be a condition.
        raise ConditionError("cannot be read for its comparisons", line=1, column=1) from None


def _value_of(serialized: bytes) -> str | None:
    """What is wrong with an expression without variables, None where it has a value."""
    try:
        value = _ENVIRONMENT.deserialize(serialized).eval(_ENVIRONMENT.Activation({}))
    except Exception as error:
        return str(error).partition("\n")[0]
    return str(value.value()) if value.type() == cel.Type.ERROR else None


def _shape(expression: Any, source: str) -> Shape:
    try:
        shape = shape_of(expression.serialize())
    except UnboundedError as error:
        raise _at(source, error.offset, str(error)) from None
    except (ValueError, KeyError, IndexError):
        raise ConditionError("cannot be checked for its cost", line=1, column=1) from None
    # A `map` that filters and keeps its elements is a `filter` in the tree; it is refused by name as well.
    named = _MAPS.search(_STRINGS.sub(lambda match: " " * len(match[0]), source))
    if named is not None:
        raise _at(source, named.start() + 1, "`map` is refused: its result has no bound")
    return shape


def _at(source: str, offset: int, message: str) -> ConditionError:
    before = source[:offset]
    return ConditionError(message, line=before.count("\n") + 1, column=offset - (before.rfind("\n") + 1) + 1)


class Activation:
    """What conditions see of one call, made once and only when a condition is evaluated."""

    __slots__ = ("_holds", "_largest", "_native", "args", "now", "size", "usable", "variables")

    def __init__(self, *, args: Mapping[str, Json], size: int, variables: Mapping[str, Any], now: float) -> None:
        self.args = args
        self.size = size if size or not args else measured(args)
        self.usable = self.size <= MAX_ARGUMENTS
        self.variables = variables
        self.now = now
        self._native: Any = None
        self._holds: frozenset[str] = frozenset()
        self._largest: int | None = None

    def native(self, uses: frozenset[str]) -> Any:
        """The runtime's own activation with at least these variables; each one costs half a microsecond."""
        if self._native is None or not uses <= self._holds:
            self._holds = self._holds | uses
            held: dict[str, Any] = {name: self.variables[name] for name in self._holds if name in self.variables}
            if "args" in self._holds:
                held["args"] = self.args
            if "now" in self._holds:
                held["now"] = datetime.fromtimestamp(self.now, UTC)
            self._native = _ENVIRONMENT.Activation(held)
        return self._native

    def affords(self, shape: Shape, source: str) -> bool:
        """Whether an expression's loops stay within bounds on these arguments."""
        most = self.size // 2
        if (not shape.filters or most <= MAX_FILTERED) and (
            not shape.rescans or MAX_ITERATIONS * self.size <= MAX_RESCANNED
        ):
            return True
        if self._largest is None:
            self._largest = _largest(self.args)
        if shape.filters and self._largest > MAX_FILTERED:
            return False
        if not shape.rescans:
            return True
        iterations: int = min(MAX_ITERATIONS, max(self._largest, len(source) // 2) ** shape.depth)
        return iterations * self.size <= MAX_RESCANNED


def measured(args: Mapping[str, Json]) -> int:
    """The length of the arguments as compact JSON in bytes; too long where they are no JSON."""
    try:
        return len(json.dumps(args, separators=(",", ":"), ensure_ascii=False).encode())
    except (TypeError, ValueError, RecursionError):
        return MAX_ARGUMENTS + 1


def _largest(args: Any) -> int:
    """The number of members of the largest list or object inside, itself included."""
    largest, waiting = 0, [args]
    while waiting:
        value = waiting.pop()
        if isinstance(value, Mapping):
            largest = max(largest, len(value))
            waiting.extend(value.values())
        elif isinstance(value, list):
            largest = max(largest, len(value))
            waiting.extend(value)
    return largest
