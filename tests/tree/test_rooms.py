"""The rule of the house: small rooms, small modules, and one place for each class name. What breaks it is named."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.tree.rooms import ROOTS
from tests.tree.test_tree import PROJECT, files_of_the_tree

MOST_MODULES = 13
"""Python modules of one folder, its `__init__` included: about a dozen."""
MOST_LINES = 400

LARGE_ROOMS: Mapping[str, str] = {}
"""Folders that may hold more, each with its reason."""

LONG_MODULES: Mapping[str, str] = {}
"""Modules that may be longer, each with its reason."""

TWINS = {
    "Detector": {"governance.models.controls.detector", "governance.engine.detection.detector"},
    "Effect": {"governance.models.rules.rule", "governance.engine.decision"},
    "Entity": {"governance.models.entities.entity", "governance.engine.compiled.entity"},
    "Exemption": {"governance.models.controls.exemption", "governance.engine.compiled.exemption"},
    "Hook": {"governance.models.controls.hook", "governance.engine.need"},
    "Rule": {"governance.models.rules.rule", "governance.engine.compiled.rule"},
    "Secret": {"governance.models.controls.secret", "governance.vault.secret"},
    "Switch": {"governance.models.releases.switch", "governance.engine.world"},
}
"""What is authored in a table, and what the engine or the vault makes of it: one word, two modules."""

FRAMEWORK_NAMES = {"Command", "Meta"}
"""What Django looks for by name, in each module anew."""


def modules() -> Iterator[tuple[str, Path]]:
    """Our own modules by their path in the tree, migrations aside."""
    for path in files_of_the_tree():
        inside = path.relative_to(PROJECT)
        if path.suffix == ".py" and inside.parts[0] in ROOTS and "migrations" not in inside.parts:
            yield inside.as_posix(), path


def large_rooms(named: Iterator[tuple[str, Path]]) -> dict[str, int]:
    """Folders with more modules than a room may hold, and how many they hold."""
    counted: dict[str, int] = defaultdict(int)
    for name, _ in named:
        counted[name.rpartition("/")[0]] += 1
    return {folder: count for folder, count in counted.items() if count > MOST_MODULES}


def long_modules(named: Iterator[tuple[str, Path]]) -> dict[str, int]:
    """Modules with more lines than one may have, and how many they have."""
    lines = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in named}
    return {name: count for name, count in lines.items() if count > MOST_LINES}


def modules_of_classes(named: Iterator[tuple[str, Path]]) -> dict[str, set[str]]:
    """The modules in which each class name stands, where these are several."""
    standing: dict[str, set[str]] = defaultdict(set)
    for name, path in named:
        module = name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                standing[node.name].add(module)
    return {name: found for name, found in standing.items() if len(found) > 1}


def test_a_folder_holds_about_a_dozen_modules() -> None:
    assert large_rooms(modules()).keys() == LARGE_ROOMS.keys()


def test_no_module_is_longer_than_one_reads_at_a_time() -> None:
    assert long_modules(modules()).keys() == LONG_MODULES.keys()


def test_a_class_name_stands_in_one_module_save_a_model_and_its_twin() -> None:
    found = modules_of_classes(modules())
    assert {name: standing for name, standing in found.items() if name not in FRAMEWORK_NAMES} == TWINS


def test_what_is_too_large_or_said_twice_is_named(tmp_path: Path) -> None:
    planted = []
    for number in range(MOST_MODULES + 1):
        file = tmp_path / f"m{number}.py"
        file.write_text("class Thing:\n" + f"    n = {number}\n" * (MOST_LINES if number == 3 else 1), encoding="utf-8")
        planted.append((f"audit/room/{file.name}", file))
    assert large_rooms(iter(planted)) == {"audit/room": MOST_MODULES + 1}
    assert large_rooms(iter(planted[1:])) == {}
    assert long_modules(iter(planted)) == {"audit/room/m3.py": MOST_LINES + 1}
    assert modules_of_classes(iter(planted[:2])) == {"Thing": {"audit.room.m0", "audit.room.m1"}}
