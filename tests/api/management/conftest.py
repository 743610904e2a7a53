from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from accounts.authentication import _source, authenticate_with
from governance.services import web
from tests.api.deciding import started
from tests.api.management.clients import Office


@pytest.fixture
def office(tmp_path: Path, db: None, settings: Any) -> Iterator[Office]:
    """A running process and its staff."""
    # The guard of the test's own Python process bans whoever is refused often, and outlives each test.
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "guard" not in name]
    process = started(tmp_path)
    before = list(_source)
    web._running.append(process.runtime)
    authenticate_with(lambda: process.runtime.authenticator)
    yield Office(process)
    web._running.remove(process.runtime)
    _source[:] = before
    process.runtime.journal.close()
