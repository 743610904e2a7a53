"""Tables, the demo policy, a token for each caller: `python -m tests.faults.installing CALLERS STALE_AFTER`.

With STALE_AFTER the policy is published again, stale after so many seconds without the database.
"""

from __future__ import annotations

import io
import json
import sys

import django
from django.core.management import call_command

from governance.engine.document.controls import SettingFields


def main(callers: list[tuple[str, str | None]], stale_after: int) -> None:
    """Print the tokens as JSON, by principal."""
    django.setup()
    call_command("migrate", verbosity=0, interactive=False)
    call_command("demo", stdout=io.StringIO())
    if stale_after:
        publish(stale_after)
    tokens = {}
    for principal, agent in callers:
        said = io.StringIO()
        asking = ["--agent", agent] if agent else []
        call_command("token", "issue", "--principal", principal, "--ttl", "3600", *asking, stdout=said)
        tokens[principal] = said.getvalue().strip()
    print(json.dumps(tokens))


def publish(stale_after: int) -> None:
    """The demo policy once more, stale after so many seconds."""
    from accounts.services.actor import Actor
    from governance.deciding import keys
    from governance.policy.demo.files import POLICY_FILE
    from governance.policy.files.bundle import read_policy
    from governance.services.releasing.releases import make_release

    times: SettingFields = {"stale_after": stale_after, "stale_after_restricted": stale_after}
    make_release(
        actor=Actor.command("test", staff="test"),
        document={**read_policy(POLICY_FILE), "settings": times},
        message="Sooner stale",
        based_on=1,
        signing=keys.policy_keys(),
        engine=keys.engine_keys(),
        draft_revision=0,
    )


if __name__ == "__main__":
    main([tuple(caller) for caller in json.loads(sys.argv[1])], int(sys.argv[2]))
