from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def own_var(settings: object, tmp_path: Path) -> Path:
    """A run-time folder of the test's own: state kept on disk by another test would be newer than this one's."""
    settings.TOOLGATE_VAR = tmp_path  # type: ignore[attr-defined]
    settings.TOOLGATE_JOURNAL_DIR = tmp_path / "journal"  # type: ignore[attr-defined]
    return tmp_path
