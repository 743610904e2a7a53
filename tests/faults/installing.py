"""Tables, the demo policy and a token for each caller, in one process: `python -m tests.faults.installing CALLERS`."""

from __future__ import annotations

import io
import json
import sys

import django
from django.core.management import call_command


def main(callers: list[tuple[str, str | None]]) -> None:
    """Print the tokens as JSON, by principal."""
    django.setup()
    call_command("migrate", verbosity=0, interactive=False)
    call_command("demo", stdout=io.StringIO())
    tokens = {}
    for principal, agent in callers:
        said = io.StringIO()
        asking = ["--agent", agent] if agent else []
        call_command("token", "issue", "--principal", principal, "--ttl", "3600", *asking, stdout=said)
        tokens[principal] = said.getvalue().strip()
    print(json.dumps(tokens))


if __name__ == "__main__":
    main([tuple(caller) for caller in json.loads(sys.argv[1])])
