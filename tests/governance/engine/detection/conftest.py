"""One scanner for the whole folder: compiling the broad rules takes seconds without a cache."""

from __future__ import annotations

import pytest

from governance.engine.detection import Scanner

KEY = b"a fingerprint key of the tests"


@pytest.fixture(scope="session")
def scanner() -> Scanner:
    """The built-in detectors as a policy has them by default."""
    return Scanner.compile(fingerprint_key=KEY)
