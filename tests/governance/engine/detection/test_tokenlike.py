"""What callers chose and errors repeat: words stay, what could be a credential goes."""

from __future__ import annotations

import pytest

from governance.engine.detection.tokenlike import is_plain_id, without_tokens


@pytest.mark.parametrize(
    "text",
    [
        "/arguments/issueTitleText",
        "/calls/17/context/session_id",
        "?changed_since",
        "One of execute_all, deny_on_first_deny, permit_on_first_permit.",
        "the id 01a200a0-9cd8-7076-9392-9e636ca3b1a7 of 2026-05-01T10:00:00Z",
        "it must match [a-z0-9][a-z0-9._-]{0,63}",
    ],
)
def test_words_paths_ids_and_times_stay(text: str) -> None:
    assert without_tokens(text) == text


@pytest.mark.parametrize(
    "token", ["glpat-6wv50aaqsZnfiXDYepdU", "demo_834qj43bhljq7e70ee44bvwuiyv0l5xh", "aBcDeFgHiJkLmN"]
)
def test_what_could_be_a_credential_goes(token: str) -> None:
    assert without_tokens(f"/arguments/{token}/x") == "/arguments/…/x"
    assert not is_plain_id(token)


@pytest.mark.parametrize(
    "text", ["bfe9eb29-ab87-4ca3-be83-a1d5d8305716", "01J9ZK6V0T8R3Q5N7M2P4W6Y8A", "req:42", "a" * 32]
)
def test_ids_of_known_forms_are_repeated(text: str) -> None:
    assert is_plain_id(text)
