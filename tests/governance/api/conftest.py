from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.governance.api.deciding import Process, started


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    made = started(tmp_path)
    yield made
    made.runtime.journal.close()
