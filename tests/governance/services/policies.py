"""Policies of the services' tests, and the people who publish them."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from accounts.services.actor import Actor
from governance.policy.checks.validate import normalise
from governance.services.authoring.draft import replace_draft
from governance.services.releasing.publish import Published, publish_draft
from tests.governance.admin.actors import staff

COMMAND = Actor.command("test", staff="tester")


def person(role: str, **columns: Any) -> Actor:
    """Somebody with one staff role; `columns` are set on the account."""
    user = staff(role)
    if columns:
        User.objects.filter(pk=user.pk).update(**columns)
    return Actor.person(User.objects.get(pk=user.pk))


def policy(*, rules: int = 1, **parts: Any) -> dict[str, Any]:
    """A canonical policy: one server of twenty tools, a role, and so many rules."""
    document: dict[str, Any] = {
        "toolgate": 1,
        "roles": {"analyst": {"tier": "user"}},
        "servers": {
            "files": {
                "transport": {"kind": "http", "url": "http://127.0.0.1:9000/mcp"},
                "tools": {f"t{number}": {} for number in range(20)},
            }
        },
        "rules": [
            {
                "id": f"rule-{number:05}",
                "effect": "deny" if number % 3 == 2 else "allow",
                "subjects": {"roles": ["analyst"]},
                "entities": [f"tool:files/t{number % 20}"],
                **({"when": f"args.amount < {number}"} if number % 2 else {}),
                "justification": "It is needed.",
            }
            for number in range(rules)
        ],
        **parts,
    }
    return {**normalise(document)}


def published(
    document: dict[str, Any], *, actor: Actor = COMMAND, message: str = "A change", **given: Any
) -> Published:
    """The document as the draft, and published at once."""
    replace_draft(actor=COMMAND, document=document)
    return publish_draft(actor=actor, message=message, at_once=True, **given)
