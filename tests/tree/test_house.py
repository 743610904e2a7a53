"""The page that draws the house names what stands there, and everything that does."""

from __future__ import annotations

import re
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
PAGE = (PROJECT / "docs" / "develop" / "index.md").read_text(encoding="utf-8")
ROOTS = ("config", "accounts", "audit", "governance")


def named() -> set[str]:
    """Every path in backticks."""
    return {name for name in re.findall(r"`([\w./-]+)`", PAGE) if "/" in name or name.endswith(".py")}


def test_every_path_that_the_page_names_is_there() -> None:
    house = {"compiled/", "conditions/", "deciding/", "asking/", "normalise/", "blocking/", "detection/", "document/"}
    inside = {name: PROJECT / "governance" / "engine" / name for name in house}
    missing = [name for name in named() if not inside.get(name, PROJECT / name).exists()]
    assert missing == []


def test_every_path_of_the_tree_that_any_page_names_is_there() -> None:
    pages = [*(PROJECT / "docs").rglob("*.md"), PROJECT / "README.md", PROJECT / "THREAT_MODEL.md"]
    tops = "|".join((*ROOTS, "tests", "templates", "docs"))
    missing = [
        f"{page.relative_to(PROJECT)}: {name}"
        for page in pages
        for name in re.findall(rf"`((?:{tops})/[\w./-]+)`", page.read_text(encoding="utf-8"))
        if not (PROJECT / name).exists()
    ]
    assert missing == []


def test_every_room_stands_in_the_picture() -> None:
    picture = PAGE[PAGE.index("```\n") : PAGE.rindex("```\n\nThe contracts")]
    words = set(re.findall(r"[a-z_]+", picture))
    rooms = {
        room.name
        for root in ROOTS
        for room in (PROJECT / root).iterdir()
        if (room / "__init__.py").exists() and room.name not in ("migrations", "keys")
    }
    assert sorted(rooms - words) == []


def test_every_room_of_the_engine_is_named() -> None:
    rooms = {room.name for room in (PROJECT / "governance" / "engine").iterdir() if (room / "__init__.py").exists()}
    assert [name for name in rooms if f"`{name}/`" not in PAGE] == []
