"""A tool's pinned schema, and what it says about arguments and about conditions on them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import unquote

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from governance.engine.call import Json
from governance.engine.conditions.assertions import ArgumentCostError
from governance.engine.conditions.evaluation import SchemaEvaluation
from governance.engine.conditions.expression import Expression, ExpressionError, Expressions

STEPS_PER_BYTE = 2
LEAST_STEPS = STEPS_PER_BYTE * 16 * 1024
"""What an evaluation may cost: about 10 ms for arguments of up to 16 KiB, in proportion for larger ones."""

_UNCOUNTED = 1 << 60  # once a release, for what the schema alone holds


class ArgumentSchemaError(ValueError):
    """The schema is no JSON Schema (2020-12) that can be checked here; the message says why."""


class ArgumentFault(NamedTuple):
    """Where arguments do not hold: the JSON pointer into them, and the keyword of the schema."""

    path: str
    keyword: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArgumentSchema:
    """A pinned schema: one document, whose references point into itself. It is no one's to change afterwards."""

    document: Mapping[str, Json]
    _targets: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)
    _expressions: Expressions = field(default_factory=Expressions, compare=False, repr=False)
    _choices: dict[int, frozenset[Any]] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def compile(cls, document: Mapping[str, Json]) -> ArgumentSchema:
        """The schema checked and made ready; raises ArgumentSchemaError."""
        made = cls.trusted(document)
        try:
            Draft202012Validator.check_schema(document)
            for pattern in _patterns(document):
                made.expression(pattern, ascii=False)
        except SchemaError as error:
            raise ArgumentSchemaError(f"{error.json_path[2:] or 'it'}: {error.message}".partition("\n")[0]) from error
        except (ExpressionError, RecursionError) as error:
            raise ArgumentSchemaError(str(error).partition("\n")[0]) from error
        return made

    @classmethod
    def trusted(cls, document: Mapping[str, Json]) -> ArgumentSchema:
        """A schema that was checked when it was pinned; one that was not makes calls invalid, and costs no more."""
        return cls(document=document)

    def fault(self, arguments: Mapping[str, Json], *, size: int = 0) -> ArgumentFault | None:
        """The first place where the arguments, `size` bytes of JSON, do not hold, or None.

        A schema that cannot be evaluated (a reference to nothing) is a fault at the root. Raises ArgumentCostError
        where the evaluation never ends or takes more than `allowed_steps(size)`.
        """
        try:
            found = SchemaEvaluation(self, allowed_steps(size)).check(self.document, arguments)
        except ArgumentCostError:
            raise
        except Exception:
            return ArgumentFault("", "$ref")
        return None if found is None else ArgumentFault(pointer(reversed(found[1:])), found[0])

    def target(self, reference: str) -> Any:
        """The part of the document that a reference points to, by pointer or anchor; raises ArgumentSchemaError."""
        if not self._targets:
            self._targets.update({**dict(_anchored(self.document)), "#": self.document})
        found = self._targets.get(reference)
        if found is None:
            found = self._targets[reference] = _pointed(self.document, reference)
        return found

    def expression(self, pattern: str, *, ascii: bool) -> Expression:
        """An expression of the schema; raises ExpressionError."""
        return self._expressions.get(pattern, ascii=ascii)

    def choices(self, options: list[Any]) -> frozenset[Any]:
        """The keys of an `enum`'s values, made when they are first needed."""
        found = self._choices.get(id(options))
        if found is None:
            made = SchemaEvaluation(self, _UNCOUNTED)
            found = self._choices[id(options)] = frozenset(made.key(option) for option in options)
        return found

    def excludes(self, path: tuple[str, ...]) -> bool:
        """Whether no valid arguments can hold this path of member names: a condition on it could never be met."""
        node: Any = self.document
        for step in path:
            if not isinstance(node, dict) or "$ref" in node or any(key in node for key in _BRANCHES):
                return False
            properties = node.get("properties", {})
            if step in properties:
                node = properties[step]
                if node is False:
                    return True
                continue
            if any(
                self.expression(pattern, ascii=False).search(step.encode())
                for pattern in node.get("patternProperties", {})
            ):
                return False
            return node.get("additionalProperties") is False or (
                node.get("type") is not None and "object" not in _types(node)
            )
        return False

    def type_at(self, path: tuple[str, ...]) -> str | None:
        """The one JSON type that the schema gives to this path, or None where it leaves it open."""
        node: Any = self.document
        for step in path:
            if not isinstance(node, dict) or "$ref" in node or any(key in node for key in _BRANCHES):
                return None
            node = node.get("properties", {}).get(step)
        if not isinstance(node, dict) or any(key in node for key in _BRANCHES):
            return None
        types = _types(node)
        return types[0] if len(types) == 1 else None


_BRANCHES = ("allOf", "anyOf", "oneOf", "if", "dependentSchemas", "$dynamicRef")


def _types(node: Mapping[str, Any]) -> list[str]:
    types = node.get("type", [])
    return [types] if isinstance(types, str) else list(types)


def _patterns(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("pattern"), str):
            yield node["pattern"]
        if isinstance(node.get("patternProperties"), dict):
            yield from node["patternProperties"]
        for value in node.values():
            yield from _patterns(value)
    elif isinstance(node, list):
        for value in node:
            yield from _patterns(value)


def allowed_steps(size: int) -> int:
    """How many steps arguments of so many bytes may take."""
    return max(LEAST_STEPS, STEPS_PER_BYTE * size)


def _pointed(document: Any, reference: str) -> Any:
    """The schema at a JSON pointer; raises ArgumentSchemaError where there is none."""
    value: Any = document if reference == "#" or reference.startswith("#/") else None
    for step in unquote(reference).split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        if isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        else:
            value = value.get(key) if isinstance(value, dict) else None
    if not isinstance(value, (dict, bool)):
        raise ArgumentSchemaError(f"{reference} points to no schema")
    return value


def _anchored(document: Any) -> Iterator[tuple[str, Any]]:
    """Every part with a name to refer to it by, as the reference and the part."""
    waiting = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            for keyword in ("$anchor", "$dynamicAnchor"):
                if isinstance(value.get(keyword), str):
                    yield f"#{value[keyword]}", value
        waiting.extend(value.values() if isinstance(value, dict) else value if isinstance(value, list) else ())


def pointer(path: Any) -> str:
    """The JSON pointer (RFC 6901) of a path of keys and indexes."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)
