from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from accounts.authentication import _source, authenticate_with
from governance.services import web
from tests.api.deciding import started
from tests.api.management.clients import Office


@pytest.fixture
def office(tmp_path: Path, db: None) -> Iterator[Office]:
    """A running process and its staff."""
    process = started(tmp_path)
    before = list(_source)
    web._running.append(process.runtime)
    authenticate_with(lambda: process.runtime.authenticator)
    yield Office(process)
    web._running.remove(process.runtime)
    _source[:] = before
    process.runtime.journal.close()
