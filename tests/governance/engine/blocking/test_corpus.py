"""The corpora of dangerous and harmless calls, and the examples of the shipped entries."""

from __future__ import annotations

from typing import Any

import pytest

from governance.engine.blocking import Blocklist, Entry, shipped_entries
from governance.engine.blocking.examples import example_failures
from tests.governance.engine.blocking.corpus import dangerous, harmless, unseen

BLOCKLIST = Blocklist.compile()
Call = tuple[str, dict[str, Any]]


def _refused(calls: list[Call]) -> list[bool]:
    return [bool(BLOCKLIST.match("tool", entity, arguments)) for entity, arguments in calls]


@pytest.mark.parametrize("kind", sorted(dangerous.calls()))
def test_dangerous_calls_are_refused(kind: str) -> None:
    calls = dangerous.calls()[kind]
    slipped = [call for call, refused in zip(calls, _refused(calls), strict=True) if not refused]
    assert not slipped


@pytest.mark.parametrize("kind", sorted(harmless.calls()))
def test_harmless_look_alikes_pass(kind: str) -> None:
    calls = harmless.calls()[kind]
    refused = [call for call, hit in zip(calls, _refused(calls), strict=True) if hit]
    assert not refused


def test_what_was_never_tuned_for_keeps_the_rates() -> None:
    bad, good = _refused(unseen.dangerous()), _refused(unseen.harmless())
    assert sum(bad) / len(bad) >= 0.95
    assert sum(good) / len(good) <= 0.03


def test_the_corpora_are_large_enough() -> None:
    assert sum(map(len, dangerous.calls().values())) >= 300
    assert sum(map(len, harmless.calls().values())) >= 300


@pytest.mark.parametrize("entry", shipped_entries(), ids=lambda entry: entry.id)
def test_every_shipped_entry_does_what_its_examples_say(entry: Entry) -> None:
    assert entry.match
    assert entry.unmatched
    assert entry.description
    assert example_failures(BLOCKLIST, entry) == []
