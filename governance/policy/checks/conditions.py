"""Do the conditions of rules compile, and do they fit the schemas of the tools that they are about."""

from __future__ import annotations

from functools import lru_cache

from governance.engine.call import EntityKind
from governance.engine.conditions.argument_schema import ArgumentSchema, ArgumentSchemaError
from governance.engine.conditions.condition import ConditionError, check_condition
from governance.policy.document.entity_patterns import BadSelector, parse_selector
from governance.policy.document.errors import PolicyError
from governance.policy.document.node import Node


def check_conditions(root: Node, errors: list[PolicyError]) -> None:
    """Append each condition's first fault at its column.

    A rule that names tools exactly is checked against their pinned schemas. One that names them by a glob is not:
    it may well speak of an argument that only some of them have, and where it is missing the condition fails closed.
    """
    schemas: dict[str, ArgumentSchema | None] = {}
    for rule in root.items("rules"):
        when = rule.get("when")
        if when is None or not isinstance(when.content, str) or not when.content.strip():
            continue
        fault = _fault(when.content, _schemas(root, rule, schemas))
        if fault:
            errors.append(when.error(fault))


def _schemas(root: Node, rule: Node, known: dict[str, ArgumentSchema | None]) -> list[ArgumentSchema]:
    found: list[ArgumentSchema] = []
    for item in rule.items("entities"):
        try:
            selector = parse_selector(str(item.content))
        except BadSelector:
            continue
        if not selector.literal or selector.kind not in (None, EntityKind.TOOL) or "/" not in selector.glob:
            continue
        if selector.glob not in known:
            server, _, tool = selector.glob.partition("/")
            known[selector.glob] = _compiled(root.get("servers", server, "tools", tool, "schema"))
        schema = known[selector.glob]
        if schema is not None:
            found.append(schema)
    return found


def _compiled(node: Node | None) -> ArgumentSchema | None:
    """A schema that cannot be compiled is reported where it stands."""
    document = node.plain() if node is not None else None
    if not isinstance(document, dict):
        return None
    try:
        return ArgumentSchema.compile(document)
    except ArgumentSchemaError:
        return None


def _fault(source: str, schemas: list[ArgumentSchema]) -> str:
    if not schemas:
        return _plain_fault(source)
    try:
        check_condition(source, schemas)
    except ConditionError as error:
        return _told(error)
    return ""


@lru_cache(maxsize=16_384)
def _plain_fault(source: str) -> str:
    try:
        check_condition(source)
    except ConditionError as error:
        return _told(error)
    return ""


def _told(error: ConditionError) -> str:
    line = f"line {error.line}, " if error.line > 1 else ""
    return f"{line}column {error.column}: {error.message}"
