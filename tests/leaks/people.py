"""A staff owner and an agent key: `python -m tests.leaks.people` reads `{"password": …}` and prints `{"key": …}`.

No credential stands on a command line, where the test itself would leak it.
"""

from __future__ import annotations

import io
import json
import sys

import django
from django.core.management import call_command


def main(password: str) -> None:
    """Make them."""
    django.setup()
    from accounts.models import User

    User.objects.create_superuser("chief", password=password)
    said = io.StringIO()
    call_command("token", "key", "--agent", "reporter", "--principal", "alice", stdout=said)
    print(json.dumps({"key": said.getvalue().strip()}))


if __name__ == "__main__":
    main(**json.load(sys.stdin))
