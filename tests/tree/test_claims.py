"""What the pages say there is, is there: every command, route, page, setting, key and file that they name is tried."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from django.contrib import admin

from governance.policy.schema.sections import record_at, waiting
from tests.tree.claims import PROJECT, check_ids, claims, texts, titles
from tests.tree.test_docs import codes_said

DOCS = PROJECT / "docs"
PAGES = [PROJECT / "README.md", PROJECT / "THREAT_MODEL.md", *sorted(DOCS.rglob("*.md"))]
LEAST = {
    "command": 50, "target": 15, "module": 8, "route": 90, "page": 12, "setting": 50, "key": 20, "check": 15,
    "file": 100,
}  # fmt: skip
"""How many claims of a kind the pages make at least: fewer, and the reader of that kind has gone blind."""

FALSE = {
    "`manage.py verify var/`": "there is no command verify",
    "`manage.py audit verify`": "argument command: invalid choice: 'verify' "
    "(choose from 'receipt', 'show', 'payload', 'list', 'quarantine')",
    "`manage.py audit list --since 3`": "unrecognized arguments: --since 3",
    "`manage.py audit list [--since H]`": "manage.py audit list takes no --since",
    "    manage.py policy backtest draft --days all": "argument --days: invalid float value: 'all'",
    "`manage.py audit verify [FILE]`": "manage.py audit has no verify",
    "`policy seal FILE`": "manage.py policy has no seal",
    "`--anchor URL` names one": "no command takes --anchor",
    "`make deploy`": "make has no target deploy",
    "```sh\nmake release\n```": "make has no target release",
    "`python -m audit.verify`": "there is no module audit.verify",
    "`python -m tests.bench.blocking_cost --fast`": "tests.bench.blocking_cost takes no --fast",
    "`POST /api/v1/approvals`": "there is no route /api/v1/approvals",
    "`GET /api/v1/decisions`": "/api/v1/decisions takes no GET",
    "`DELETE /api/v1/releases/{n}`": "/api/v1/releases/1 takes no DELETE",
    "`POST /mcp/files`": "there is no route /mcp/files",
    "    POST /oauth/token": "there is no route /oauth/token",
    "`/hooks/cursor`": "there is no route /hooks/cursor",
    "see `/admin/approvals/`": "there is no route /admin/approvals/",
    "under *Approvals*": "no page of the console is called Approvals",
    "`TOOLGATE_OUTBOUND_PROXY`": "TOOLGATE_OUTBOUND_PROXY is no setting that anything reads",
    "`TOOLGATE_PORT=1`": "TOOLGATE_PORT is no setting that anything reads",
    "`TOOLGATE_ENV_FILE`": "TOOLGATE_ENV_FILE is no setting that anything reads",
    "`settings.quorum: 3`": "the policy file has no key settings.quorum",
    "`servers.*.firewall`": "the policy file has no key servers.*.firewall",
    "`toolgate.E099`": "there is no check toolgate.E099",
    "`audit/verifier.py`": "there is no audit/verifier.py",
}
"""A claim of each kind that is not so, and what is found of it."""

WORDS = (
    "principal", "agent", "tier", "entity", "call", "layer", "rule", "decision", "obligation", "release", "draft",
    "journal", "trail", "execution", "surface", "epoch", "door", "sid", "act", "session", "code", "receipt", "bucket",
    "rate class", "kill switch", "drill", "shadow", "exemption", "pack", "detector", "blocklist", "hook", "condition",
    "capture", "proposal", "backtest", "role", "staff role", "department", "sensitivity", "owner", "stale", "directory",
    "enforcement point",
)  # fmt: skip
"""The words of the product, and those that its pages use without saying each time what they mean."""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_every_claim_of_a_page_is_so(page: Path) -> None:
    assert [(claim.text, claim.fault) for claim in claims(page.read_text(encoding="utf-8")) if claim.fault] == []


def test_claims_of_every_kind_are_found() -> None:
    found = Counter(claim.kind for page in PAGES for claim in claims(page.read_text(encoding="utf-8")))
    assert {kind: found[kind] for kind, least in LEAST.items() if found[kind] < least} == {}


@pytest.mark.parametrize(("said", "fault"), FALSE.items(), ids=str)
def test_a_false_claim_is_found(said: str, fault: str) -> None:
    assert fault in [claim.fault for claim in claims(f"# A page\n\n{said}\n")]


def test_every_code_that_is_documented_is_said_by_somebody() -> None:
    page = (DOCS / "integrate" / "codes.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"`([a-z_]+\.[a-z_]+)`", page))
    assert len(documented) > 60
    named_otherwise = {"approval.required", "detail.path"}  # put together where it is said; a field
    assert sorted(documented - set(codes_said()) - texts() - named_otherwise) == []


def test_every_check_is_documented() -> None:
    page = (DOCS / "run" / "checks.md").read_text(encoding="utf-8")
    assert len(check_ids()) > 12
    assert sorted(id for id in check_ids() if id.removeprefix("toolgate.") not in page) == []


def test_every_page_of_the_console_is_on_its_page() -> None:
    from governance.console.pages.routes import PAGES as CONSOLE

    page = (DOCS / "console.md").read_text(encoding="utf-8")
    listed = [each for each in CONSOLE if each.listed]
    assert len(listed) >= 6
    assert [each.title for each in listed if f"*{each.title}* | `/admin/{each.path}`" not in page] == []
    assert "Trail" in titles()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_the_first_line_of_a_page_says_whom_it_is_for(page: Path) -> None:
    title, gap, whom = page.read_text(encoding="utf-8").splitlines()[:3]
    assert title.startswith("# ")
    assert gap == ""
    assert re.match(r"\*For [a-z].+\*$", whom), whom


def test_the_glossary_has_every_word_and_says_where_more_is() -> None:
    entries = glossary()
    assert sorted(set(WORDS) - set(entries)) == []
    assert [word for word, said in entries.items() if not 20 < len(said) < 330] == []
    assert sum("](" in said for said in entries.values()) > 25


def test_every_word_of_the_glossary_is_used_elsewhere() -> None:
    templates = [path.read_text(encoding="utf-8") for path in (PROJECT / "templates").rglob("*.html")]
    others = [page.read_text(encoding="utf-8") for page in PAGES if page.name != "glossary.md"]
    inputs = [str(field.verbose_name) for model in admin.site._registry for field in model._meta.fields]
    text = "\n".join(templates + others + inputs).lower()
    assert len(glossary()) >= 40
    assert [word for word in glossary() if not re.search(rf"\b{re.escape(word)}", text)] == []


def test_the_glossary_is_led_to_from_the_index_and_the_readme() -> None:
    assert "glossary.md" in (DOCS / "index.md").read_text(encoding="utf-8")
    assert "docs/glossary.md" in (PROJECT / "README.md").read_text(encoding="utf-8")


def test_an_entry_of_the_blocklist_has_the_keys_that_its_page_shows() -> None:
    shown = re.search(r"`\{(id, [^`]*)\}`", (DOCS / "blocklist.md").read_text(encoding="utf-8"))
    assert shown
    assert re.sub(r": \{.*?\}", "", shown[1]).split(", ") == list(record_at("blocklist", "entries").fields)


def test_what_is_not_enforced_yet_is_listed_word_for_word() -> None:
    page = (DOCS / "author-policy.md").read_text(encoding="utf-8")
    section = page[page.index("## Kept and not enforced yet") : page.index("## Commands")]
    listed = {key: row for row in section.splitlines() for key in re.findall(r"`([a-z_.]+)`", row)}
    assert sorted(listed) == sorted(key for key, _ in waiting())
    assert [key for key, sentence in waiting() if sentence not in listed[key]] == []


def glossary() -> dict[str, str]:
    """Word → what the glossary says of it; a word within another's entry, as **sid**, has that entry."""
    found: dict[str, str] = {}
    text = (DOCS / "glossary.md").read_text(encoding="utf-8")
    for entry in re.findall(r"^- (\*\*.*?)(?=^- |^#|\Z)", text, re.MULTILINE | re.DOTALL):
        said = " ".join(entry.split())
        found.update(dict.fromkeys(re.findall(r"\*\*([a-z ]+)\*\*", said), said))
    return found
