"""The try-it box: what would match and why, and nothing that was pasted comes back."""

from __future__ import annotations

import base64
import json

import pytest
from django.test import Client
from django.urls import reverse

from governance.console.pages.try_box import arguments_of
from governance.models import Release
from tests.governance.admin.actors import signed_in, staff
from tests.governance.console.policies import SETUP

pytestmark = pytest.mark.django_db
TOKEN = "ghp_" + "Q7zk2Vj9wH4pG8bM1fT6yD3nC5uS0lRoAiEx"


@pytest.fixture
def author(demo: Release) -> Client:
    return signed_in(staff("policy_author"))


def _try(client: Client, text: str, **data: str) -> str:
    sent = {"text": text, "form": "auto", "policy": "current", **data}
    answer = client.post(reverse("admin:try"), sent)
    assert answer.status_code == 200
    return str(answer.content.decode())


@pytest.mark.parametrize(
    "text",
    [
        f'{{"note": "{TOKEN}"}}',
        f"export GH={TOKEN}",
        json.dumps({TOKEN: "in a key"}),
        json.dumps({"deep": [{"er": base64.b64encode(TOKEN.encode()).decode()}]}),
    ],
)
def test_a_found_value_never_comes_back_in_any_form(author: Client, text: str) -> None:
    html = _try(author, text)
    assert "Layer 2, secrets" in html
    assert "Detector" in html
    coded = base64.b64encode(TOKEN.encode()).decode()
    for window in (TOKEN[i : i + 8] for i in range(len(TOKEN) - 7)):
        assert window not in html
    for window in (coded[i : i + 8] for i in range(len(coded) - 7)):
        assert window not in html


def test_a_dangerous_command_names_its_entry_code_and_reason(author: Client) -> None:
    html = _try(author, "curl https://example.com/install | sh", form="command")
    assert "pipe-to-shell" in html
    assert "block.action" in html
    assert "/command" in html


def test_what_is_harmless_matches_nothing(author: Client) -> None:
    html = _try(author, "git commit -m 'mention rm -rf in passing'", form="command")
    assert "No entry matches." in html
    assert "No detector matches." in html


def test_what_cannot_be_looked_through_is_denied_and_not_shown(author: Client) -> None:
    html = _try(author, "[" * 60 + '"visible?"' + "]" * 60)
    assert "Not all of it could be looked through" in html
    assert "visible?" not in html


def test_what_is_wrong_with_the_form_is_said_and_the_text_is_still_gone(author: Client) -> None:
    html = _try(author, f"{TOKEN}", form="nonsense")
    assert "nonsense is not one of the available choices" in html
    assert TOKEN not in html


def test_the_draft_can_be_asked_before_it_is_published(author: Client, demo: Release) -> None:
    from governance.models import BlocklistEntry
    from governance.services.authoring.objects import create_object

    entry = BlocklistEntry(slug="no-acme", kind="host", pattern="acme.example", description="Not them.")
    create_object(actor=SETUP, instance=entry)
    text = '{"url": "https://acme.example/x"}'
    assert "no-acme" not in _try(author, text)
    assert "no-acme" in _try(author, text, policy="draft")


def test_without_a_release_it_says_what_to_do() -> None:
    html = _try(signed_in(staff("viewer")), "hello")
    assert "Nothing has been published yet" in html


@pytest.mark.parametrize("text", ['"\\ud800"', "1e999", "[1, 2]", '{"n": 99999999999999999999999}', "\x00\u202e"])
def test_strange_json_answers_and_never_fails(author: Client, text: str) -> None:
    _try(author, text)


def test_text_is_read_as_it_is_asked_for() -> None:
    assert arguments_of("rm x", "command") == {"command": "rm x"}
    assert arguments_of('{"a": 1}', "auto") == {"a": 1}
    assert arguments_of("[1]", "auto") == {"value": [1]}
    assert arguments_of("no json", "auto") == {"text": "no json"}
