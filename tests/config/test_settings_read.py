"""Every declared setting does something: what the settings file makes of it is read by somebody, or is Django's own."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path

from django.conf import global_settings

from config.declared import DECLARED, RESERVED

PROJECT = Path(__file__).resolve().parents[2]
ROOMS = ("config", "governance", "accounts", "audit")
FRAMEWORKS = ("CELERY_", "REST_FRAMEWORK", "SPECTACULAR_SETTINGS")
"""Beginnings of names that a library reads; Django's own are known."""


def test_every_declared_setting_is_read() -> None:
    found = unread([setting.name for setting in DECLARED], SETTINGS, attributes_read())
    assert found == set()


def test_a_setting_that_is_only_assigned_is_found() -> None:
    planted = "\n".join(
        (
            SETTINGS,
            'TOOLGATE_NEW = _env.text("TOOLGATE_NEW")',
            'TOOLGATE_NEWER = TOOLGATE_NEW or "x"',
            'TOOLGATE_KEY = _keys["TOOLGATE_KEY"]',
        )
    )
    names = ["TOOLGATE_NEW", "TOOLGATE_KEY", "TOOLGATE_ENV", "TOOLGATE_NEVER_MENTIONED"]
    assert unread(names, planted, attributes_read()) == {"TOOLGATE_NEW", "TOOLGATE_KEY", "TOOLGATE_NEVER_MENTIONED"}
    assert unread(["TOOLGATE_NEW"], planted, {"TOOLGATE_NEWER"}) == set()


def test_a_reserved_name_is_read_by_nothing() -> None:
    assert not attributes_read() & set(RESERVED)


SETTINGS = (PROJECT / "config" / "settings.py").read_text(encoding="utf-8")


def attributes_read() -> set[str]:
    """Every `settings.NAME` of the rooms, outside the settings file and its declarations."""
    found = set()
    for room in ROOMS:
        for path in (PROJECT / room).rglob("*.py"):
            if path.name in ("settings.py", "declared.py"):
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "settings":
                    found.add(node.attr)
    return found


def unread(names: Iterable[str], settings: str, attributes: set[str]) -> set[str]:
    """Those of `names` whose value, followed through the assignments of `settings`, reaches nobody."""
    statements = ast.parse(settings).body
    helpers = {each.name: mentioned(each) for each in statements if isinstance(each, ast.FunctionDef)}
    missing = set()
    for name in names:
        made: set[str] = set()
        before = -1
        while len(made) > before:
            before = len(made)
            for statement in statements:
                if not isinstance(statement, ast.FunctionDef) and mentioned(statement, helpers) & {name, *made}:
                    made |= targets(statement)
        acted_upon = any(mentioned(each) & {name, *made} for each in statements if is_action(each))
        if not acted_upon and not any(each in attributes or belongs_to_a_library(each) for each in made):
            missing.add(name)
    return missing


def mentioned(node: ast.AST, helpers: dict[str, set[str]] | None = None) -> set[str]:
    """Names and texts in a node's values, those within the functions that it calls too; of `a["b"]` only `b`."""
    found = set()
    holders = {each.value for each in ast.walk(node) if isinstance(each, ast.Subscript) and is_text(each.slice)}
    for each in ast.walk(node):
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load) and each not in holders:
            found.add(each.id)
            found |= (helpers or {}).get(each.id, set())
        elif isinstance(each, ast.Constant) and isinstance(each.value, str):
            found.add(each.value)
    return found


def is_text(node: ast.AST) -> bool:
    """Whether a node is a text that is written out."""
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def targets(statement: ast.stmt) -> set[str]:
    """The names that a statement gives a value, within an `if` too."""
    found = set()
    for each in ast.walk(statement):
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
            found.add(each.id)
        elif isinstance(each, ast.Subscript) and isinstance(each.ctx, ast.Store):
            found |= {inner.id for inner in ast.walk(each.value) if isinstance(inner, ast.Name)}
    return found


def is_action(statement: ast.stmt) -> bool:
    """Whether a statement does something with what it mentions besides naming it or refusing it."""
    if isinstance(statement, ast.If):
        return any(is_action(each) for each in statement.body)
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)


def belongs_to_a_library(name: str) -> bool:
    """Whether Django, Celery or REST framework reads a setting of this name."""
    return hasattr(global_settings, name) or name.startswith(FRAMEWORKS)
