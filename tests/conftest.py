"""What every test may rely on: a PostgreSQL of its own, keys of its own, and what cannot run says why."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection, connections

from config.machine.postgres import SUPERUSER, Cluster, leased

REDIS_URL = os.environ.get("REDIS_URL") or "redis://127.0.0.1:6379/1"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Fast tests first: pure ones, then those with a database, then the slow; the order within each stays."""

    def weight(item: pytest.Item) -> int:
        if item.get_closest_marker("slow"):
            return 2
        return 1 if item.get_closest_marker("database") else 0

    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if item.get_closest_marker("django_db") or fixtures & {"db", "transactional_db"}:
            item.add_marker("database")
    items.sort(key=weight)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs a service that is not here; in CI (`CI` set) its absence is a failure instead."""
    for marker, reason in (("redis", _redis_is_missing), ("browser", _browser_is_missing)):
        if item.get_closest_marker(marker) and (missing := reason()):
            if os.environ.get("CI"):
                pytest.fail(f"{missing} (in CI nothing is skipped)")
            pytest.skip(missing)


def _redis_is_missing() -> str:
    address = urlsplit(REDIS_URL)
    try:
        socket.create_connection((address.hostname or "127.0.0.1", address.port or 6379), timeout=1).close()
    except OSError as error:
        return f"no Redis answers at {address.hostname}:{address.port or 6379}: {error}"
    return ""


def _browser_is_missing() -> str:
    found = any(shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
    return "" if found else "no Chromium is installed"


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """The tests' own embedded PostgreSQL, started when the first test asks for it and stopped with the last."""
    with leased(Cluster.kept_in(settings.TOOLGATE_VAR)) as running:
        yield running


@pytest.fixture(scope="session")
def django_db_modify_db_settings(request: pytest.FixtureRequest) -> None:
    """Without DATABASE_URL the test database is made in the tests' own cluster, by its superuser."""
    if not settings.TOOLGATE_EMBEDDED:
        return
    running: Cluster = request.getfixturevalue("cluster")
    for alias in ("default", "owner"):
        for target in (settings.DATABASES[alias], connections[alias].settings_dict):
            target.update(HOST=str(running.sockets), USER=SUPERUSER)


@pytest.fixture(autouse=True)
def _empty_outbox(request: pytest.FixtureRequest) -> None:
    """A test finds no record of an earlier one: Django does not flush the tables that it does not manage."""
    if not request.node.get_closest_marker("database"):
        return
    for access in ("transactional_db", "db"):
        if access in request.fixturenames:
            request.getfixturevalue(access)
            break
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM audit_outbox")


@pytest.fixture
def redis_url() -> str:
    """The Redis of the tests marked `redis`."""
    return REDIS_URL
