from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psycopg
import pytest

from audit.intake.ship import Shipper
from audit.writing import process
from tests.audit.builders import KID, key_for


@pytest.fixture
def connection(transactional_db: None) -> Iterator[psycopg.Connection[Any]]:
    """A plain connection to the test database, as workers and the shipper have it."""
    with process.connect() as opened:
        yield opened


@pytest.fixture
def alarms() -> list[tuple[str, Mapping[str, Any]]]:
    """What was alarmed."""
    return []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "journal"


@pytest.fixture
def shipper(
    folder: Path, connection: psycopg.Connection[Any], alarms: list[tuple[str, Mapping[str, Any]]]
) -> Iterator[Shipper]:
    """A shipper that stores directly."""
    made = Shipper(
        folder,
        key_for=key_for,
        connect=process.connect,
        send=None,
        alarm=lambda code, detail: alarms.append((code, detail)),
        kid=lambda: KID,
    )
    yield made
    made.close()
