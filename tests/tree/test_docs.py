"""What the documentation promises of itself: links lead somewhere, pages are found, codes and commands are named."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from django.core.management import get_commands

PROJECT = Path(__file__).resolve().parents[2]
DOCS = PROJECT / "docs"
PAGES = [*sorted(PROJECT.glob("*.md")), *sorted(DOCS.rglob("*.md"))]
ROOMS = ("config", "governance", "accounts", "audit")
# A code is the first such text among what these are called with.
SAYS_CODE = {"Stop", "Fault", "Problem", "TokenError", "CredentialError", "PayloadRefused"}
# Run by the tree itself, not by people: the lint of the settings page, and what `serve` calls.
OWN_USE = {"settings_doc"}
_FENCED = re.compile(r"^( *)(```|~~~).*?^\1\2", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<!!)\[[^\]\n]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"[a-z_]+\.[a-z_]+")


def links_of(page: Path) -> list[str]:
    """The targets of a page's links, without those inside code."""
    text = re.sub(r"`[^`\n]*`", "", _FENCED.sub("", page.read_text(encoding="utf-8")))
    return _LINK.findall(text)


def anchors_of(page: Path) -> set[str]:
    """The anchors of a page's headings."""
    headings = re.findall(r"^#+ (.*)$", _FENCED.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings}


def pages_linked_from(page: Path) -> set[Path]:
    """The pages of this tree that a page leads to."""
    parts = [urlsplit(link) for link in links_of(page)]
    found = {(page.parent / unquote(part.path)).resolve() for part in parts if not part.scheme and part.path}
    return {target for target in found if target.suffix == ".md" and target.exists()}


def codes_said() -> Iterator[str]:
    """Every code that a decision, a refused credential or a problem can carry, as the source writes it."""
    for room in ROOMS:
        for path in (PROJECT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and getattr(node.func, "id", None) in SAYS_CODE:
                    said = [part.value for part in node.args if isinstance(part, ast.Constant)]
                    texts = [value for value in said if isinstance(value, str) and _CODE.fullmatch(value)]
                    yield from texts[:1]
                elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict | ast.IfExp):
                    if {getattr(target, "id", "") for target in node.targets} & {"CODES", "_FAILED", "code"}:
                        values = [part.value for part in ast.walk(node.value) if isinstance(part, ast.Constant)]
                        yield from (value for value in values if isinstance(value, str) and _CODE.fullmatch(value))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = []
    for link in links_of(page):
        part = urlsplit(link)
        if part.scheme or part.netloc:
            continue
        target = (page.parent / unquote(part.path)).resolve() if part.path else page
        if not target.exists() or (part.fragment and part.fragment not in anchors_of(target)):
            broken.append(link)
    assert broken == []


def test_every_page_is_found_from_the_index() -> None:
    seen: set[Path] = set()
    waiting = {DOCS / "index.md"}
    while waiting:
        page = waiting.pop()
        seen.add(page)
        waiting |= pages_linked_from(page) - seen
    assert sorted(str(page.relative_to(PROJECT)) for page in set(DOCS.rglob("*.md")) - seen) == []


def test_the_readme_leads_to_the_index_and_to_the_threat_model() -> None:
    assert {DOCS / "index.md", PROJECT / "THREAT_MODEL.md"} <= pages_linked_from(PROJECT / "README.md")


def test_every_code_is_documented() -> None:
    documented = set(re.findall(r"`([a-z_]+\.[a-z_]+)`", "\n".join(page.read_text("utf-8") for page in PAGES)))
    said = set(codes_said())
    assert len(said) > 80
    assert sorted(said - documented) == []


def test_every_command_is_documented() -> None:
    ours = {name for name, app in get_commands().items() if str(app).split(".")[0] in ROOMS} - OWN_USE
    assert "policy" in ours
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert sorted(name for name in ours if f"manage.py {name}" not in text) == []
