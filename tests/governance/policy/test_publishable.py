"""What is refused at publish only."""

from __future__ import annotations

from typing import Any

import pytest

from governance.engine.document.policy import PolicyDocument
from governance.policy.checks.publishable import DAY, publish_errors
from governance.policy.checks.validate import validate
from governance.policy.document.canonical import normalise
from tests.governance.policy.documents import small

NOW = 1_780_272_000.0  # 2026-06-01T00:00:00Z


def exemption(until: str) -> dict[str, Any]:
    return {"layer": "secrets", "name": "jwt", "entity": "tool:files/read", "until": until, "justification": "x"}


def refused(
    document: PolicyDocument, *, published: PolicyDocument | None = None, now: float = NOW, production: bool = False
) -> list[str]:
    """Paths of what is refused; the document itself is sound."""
    assert validate(document) == []
    canonical = normalise(document)
    before = None if published is None else normalise(published)
    return [error.path for error in publish_errors(canonical, published=before, now=now, production=production)]


@pytest.mark.parametrize(
    ("until", "paths"), [("2026-11-28T00:00:00Z", []), ("2026-11-29T00:00:00Z", ["exemptions[0].until"])]
)
def test_an_exemption_ends_within_180_days_of_its_first_publish(until: str, paths: list[str]) -> None:
    assert refused(small(exemptions=[exemption(until)])) == paths


def test_an_exemption_that_is_in_force_already_is_not_judged_again() -> None:
    document = small(exemptions=[exemption("2026-11-28T00:00:00Z")])
    assert refused(document, published=document, now=NOW - 100 * DAY) == []
    assert refused(document, now=NOW - 100 * DAY) == ["exemptions[0].until"]


@pytest.mark.parametrize(
    ("until", "paths"), [("2026-06-15T00:00:00Z", []), ("2026-06-15T00:00:01Z", ["layers.secrets.until"])]
)
def test_a_layer_is_in_shadow_for_at_most_14_days(until: str, paths: list[str]) -> None:
    document = small(layers={"secrets": {"mode": "shadow", "until": until}})
    assert refused(document) == paths


def test_what_is_for_development_is_refused_in_production() -> None:
    servers = {"files": {"mode": "disabled", "tools": {"read": {}, "write": {}}}}
    document = small(servers=servers, rate_limits={"disabled": True})
    assert refused(document) == []
    assert refused(document, production=True) == ["rate_limits.disabled", "servers.files.mode"]
