"""Schemathesis over the live schema: every operation, every check of its own, no failure and nothing of 5xx."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks
from schemathesis.specs.openapi.checks import ignored_auth, negative_data_rejection

from governance.deciding import startup
from tests.governance.api.deciding import demo_document, started
from tests.governance.api.management.clients import AGENT, Office

EXAMPLES = int(os.environ.get("SCHEMA_EXAMPLES", "2"))
"""Requests of each kind and operation; more when somebody looks for faults by hand."""
EXPECTED = ["2xx", "400", "401", "403", "404", "409", "412", "428"]
"""What may become of a request that the schema allows: whether a policy is sound is more than a schema can say."""
EXCLUDED = {"/hooks/claude-code": [ignored_auth, negative_data_rejection]}
"""A client takes anything but a 200 for leave to go on, so a missing token or body is a 200 that denies."""
MOST_SECONDS = 10.0 * EXAMPLES
"""What all operations together may take; what is left after it gets one example each."""


@pytest.fixture
def live(tmp_path: Path, db: None) -> Iterator[Office]:
    """A running process without rate limits, so that each answer is about the request."""
    document = demo_document()
    document["rate_limits"] = {"disabled": True}
    process = started(tmp_path, document=document)
    # The requests stand in the test's own transaction, as with Django's test client.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    with startup.deciding_by(process.runtime):
        yield Office(process)
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)
    process.runtime.journal.close()


def test_every_operation_keeps_to_the_schema(live: Office, settings_host: None) -> None:
    load_all_checks()
    owner = live.person("owner")
    headers = {"Authorization": f"Bearer {owner.token}", "User-Agent": AGENT}
    config = schemathesis.Config.from_dict(
        {
            "generation": {"with-security-parameters": False},
            "checks": {"positive_data_acceptance": {"expected-statuses": EXPECTED}},
        }
    )
    schema = schemathesis.openapi.from_wsgi("/api/schema/?format=json", get_wsgi_application(), config=config)
    started_at = time.monotonic()
    failures: list[str] = []
    seen = 0
    for result in schema.get_all_operations():
        operation: Any = result.ok()  # type: ignore[union-attr]
        seen += 1
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            many = EXAMPLES if time.monotonic() - started_at < MOST_SECONDS else 1
            try:
                keep_to_the_schema(operation, mode, headers, many)
            except Unsatisfiable:
                assert mode is GenerationMode.NEGATIVE, "nothing can be wrong about it, but something must be right"
            except (Exception, BaseExceptionGroup) as failure:
                failures.append(f"{operation.method.upper()} {operation.path} {mode}: {failure}")
    assert seen > 90
    assert not failures, "\n\n".join(failures)


@pytest.fixture
def settings_host(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    # It bans networks that ask for many unknown paths, which is what this test does.
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "guard" not in name]


def keep_to_the_schema(operation: Any, mode: GenerationMode, headers: dict[str, str], many: int) -> None:
    """Send `many` requests that the schema allows, or does not, and check every answer."""

    @settings(
        max_examples=many,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def keeps(case: Any) -> None:
        # Each request finds the same world, and leaves none behind.
        with transaction.atomic():
            case.call_and_validate(headers=headers, excluded_checks=EXCLUDED.get(operation.path))
            transaction.set_rollback(True)

    keeps()
