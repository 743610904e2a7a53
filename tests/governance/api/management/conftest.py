from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from accounts.identity.drf import authenticate_with
from governance.deciding import startup
from tests.governance.api.deciding import started
from tests.governance.api.management.clients import Office


@pytest.fixture
def office(tmp_path: Path, db: None, settings: Any) -> Iterator[Office]:
    """A running process and its staff."""
    # The guard of the test's own Python process bans whoever is refused often, and outlives each test.
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "guard" not in name]
    process = started(tmp_path)
    before = authenticate_with(lambda: process.runtime.authenticator)
    with startup.deciding_by(process.runtime):
        yield Office(process)
    authenticate_with(before)
    process.runtime.journal.close()
