from __future__ import annotations

import pytest

from governance.console.pages import traffic
from governance.models import Release
from governance.selectors import policy_versions
from tests.governance.console.policies import publish_demo


@pytest.fixture(autouse=True)
def counted_anew() -> None:
    """What another test left in the process is not this one's."""
    traffic.forget()
    policy_versions.forget()


@pytest.fixture
def demo(db: None) -> Release:
    """The demo policy, in force."""
    return publish_demo()
