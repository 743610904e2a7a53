from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from governance.deciding import startup
from tests.governance.api.deciding import Process, started
from tests.governance.api.management.clients import Office


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    made = started(tmp_path)
    yield made
    made.runtime.journal.close()


@pytest.fixture
def office(tmp_path: Path, db: None, settings: Any) -> Iterator[Office]:
    """A running process and its staff."""
    # The guard of the test's own Python process bans whoever is refused often, and outlives each test.
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "guard" not in name]
    process = started(tmp_path)
    with startup.deciding_by(process.runtime):
        yield Office(process)
    process.runtime.journal.close()
