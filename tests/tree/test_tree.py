"""What the tree promises about itself: names, licences, import directions, generated pages."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from config.edge.lane import CLASSIFIED
from config.management.commands.settings_doc import settings_page

PROJECT = Path(__file__).resolve().parents[2]
ROOMS = ("config", "governance", "accounts", "audit")
# Put together here, so that this file does not name them itself.
INDEX_HOSTS = [".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("registry", "npmjs", "org"))]
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers"}


def files_of_the_tree() -> list[Path]:
    """What is in version control or would be added to it; without git, what lies outside generated folders."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode == 0:
        found = [PROJECT / name for name in listed.stdout.splitlines()]
    else:
        generated = {".venv", "var", ".git", "__pycache__"}
        found = [path for path in PROJECT.rglob("*") if not generated & set(path.relative_to(PROJECT).parts)]
    return [path for path in found if path.is_file()]


def test_no_file_names_a_package_index() -> None:
    pattern = re.compile("|".join(re.escape(host) for host in INDEX_HOSTS).encode())
    assert [str(path.relative_to(PROJECT)) for path in files_of_the_tree() if pattern.search(path.read_bytes())] == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    parts = {
        path: {*path.relative_to(PROJECT).with_suffix("").parts} for path in files_of_the_tree() if path.suffix == ".py"
    }
    assert [str(path.relative_to(PROJECT)) for path, names in parts.items() if names & EMPTY_NAMES] == []


def test_every_dependency_gives_its_reason() -> None:
    for name in ("requirements.in", "requirements-dev.in"):
        lines = (PROJECT / name).read_text(encoding="utf-8").splitlines()
        bare = [line for line in lines if line and not line.startswith(("#", "-")) and not re.search(r"\s#\s\S+", line)]
        assert bare == []


def test_every_locked_dependency_has_a_hash() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        entries = re.split(r"\n(?=[A-Za-z])", (PROJECT / name).read_text(encoding="utf-8"))
        pinned = [entry for entry in entries if re.match(r"[A-Za-z]", entry)]
        assert len(pinned) > 20
        assert [entry.split()[0] for entry in pinned if "--hash=sha256:" not in entry] == []


def test_the_settings_page_is_up_to_date() -> None:
    assert (PROJECT / "docs" / "settings.md").read_text(encoding="utf-8") == settings_page()


def test_every_middleware_is_classified_for_the_inline_lane() -> None:
    assert set(settings.MIDDLEWARE) == set(CLASSIFIED)
    assert [line for line in CLASSIFIED.values() if not line.startswith(("in the lane: ", "not needed because "))] == []


@pytest.fixture(scope="module")
def copied_rooms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rooms' sources with the linter's contracts, somewhere a violation can be planted."""
    folder = tmp_path_factory.mktemp("rooms")
    for room in ROOMS:
        shutil.copytree(PROJECT / room, folder / room, ignore=lambda _, names: [n for n in names if n == "__pycache__"])
    shutil.copy(PROJECT / "pyproject.toml", folder)
    (folder / "tests" / "tree").mkdir(parents=True)
    shutil.copy(PROJECT / "tests" / "tree" / "rooms.py", folder / "tests" / "tree")
    return folder


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    linter = Path(sys.executable).parent / "lint-imports"
    return subprocess.run([str(linter), "--no-cache"], cwd=folder, capture_output=True, text=True, check=False)


def test_the_import_contracts_hold(copied_rooms: Path) -> None:
    done = lint_imports(copied_rooms)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("planted", "line", "contract"),
    [
        ("governance/planted.py", "", "Rooms import only from the rooms below them"),
        ("audit/planted/__init__.py", "", "Rooms import only from the rooms below them"),
        ("governance/console/planted.py", "import governance.api", "Rooms import only from the rooms below them"),
        ("governance/engine/planted.py", "import governance.models", "Rooms import only from the rooms below them"),
        ("governance/vault/planted.py", "import governance.engine", "Rooms import only from the rooms below them"),
        ("governance/engine/blocking/planted.py", "import governance.engine.compiled.compilation", "No circles"),
        ("governance/deciding/planted.py", "import governance.policy", "Deciding needs a compiled release"),
        ("governance/deciding/planted.py", "import governance.models", "Deciding needs a compiled release"),
        ("governance/vault/planted.py", "import django", "The vault imports nothing of ours"),
        ("governance/api/planted.py", "import governance.vault.envelope", "Only the vault opens secrets"),
        ("governance/services/planted.py", "import mcp", "The MCP library is the gateway's alone"),
        ("accounts/models/planted.py", "import governance.models", "Rooms import only from the rooms below them"),
        ("governance/services/planted.py", "import config.settings", "Rooms import only from the rooms below them"),
        ("governance/engine/planted.py", "import django", "know nothing of Django"),
        ("governance/adapters/planted.py", "import psycopg", "know nothing of Django"),
    ],
)
def test_a_planted_violation_fails(copied_rooms: Path, planted: str, line: str, contract: str) -> None:
    file = copied_rooms / planted
    new = not file.parent.is_dir()
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"{line}\n", encoding="utf-8")
    try:
        done = lint_imports(copied_rooms)
    finally:
        file.unlink()
        if new:
            file.parent.rmdir()
    assert done.returncode != 0
    assert re.search(rf"{contract}[^\n]*BROKEN", done.stdout), done.stdout


def test_the_pure_rooms_load_no_django() -> None:
    code = (
        "import importlib, pkgutil, sys\n"
        "import governance.engine, governance.adapters\n"
        "for room in (governance.engine, governance.adapters):\n"
        "    for module in pkgutil.walk_packages(room.__path__, room.__name__ + '.'):\n"
        "        importlib.import_module(module.name)\n"
        "loaded = {'django', 'celery', 'psycopg', 'accounts', 'audit', 'config'} & set(sys.modules)\n"
        "sys.exit(f'loaded: {sorted(loaded)}' if loaded else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
