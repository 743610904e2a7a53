"""A policy in force, and the people who work on it, for the tests of the console's pages."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from accounts.services.actor import Actor
from accounts.services.directory import import_principals
from governance.deciding import keys
from governance.models import Release, Rule
from governance.policy.demo.files import POLICY_FILE
from governance.policy.files.bundle import read_policy
from governance.services.authoring.draft import replace_draft
from governance.services.authoring.objects import update_object
from governance.services.releasing.releases import make_release

SETUP = Actor.component("setup")


def publish_demo() -> Release:
    """The demo policy as release 1, its principals in the directory, the draft the same."""
    document: Any = read_policy(POLICY_FILE)
    replaced = replace_draft(actor=SETUP, document=document)
    import_principals(actor=SETUP, principals=document["principals"])
    return make_release(
        actor=SETUP,
        document=document,
        message="The demo policy",
        based_on=0,
        signing=keys.policy_keys(),
        engine=keys.engine_keys(),
        draft_revision=replaced.revision,
    )


def change_rule(slug: str = "administrators", *, actor: Actor = SETUP, **columns: object) -> Rule:
    """Change one rule of the draft."""
    rule = Rule.objects.get(slug=slug)
    for name, value in (columns or {"description": "Said anew"}).items():
        setattr(rule, name, value)
    update_object(actor=actor, instance=rule, expected_revision=rule.revision)
    return rule


def publish_again(message: str = "Another one", *, author: User | None = None) -> Release:
    """What the draft says now, put in force by somebody else."""
    from governance.policy.tables.compiler import read_draft
    from governance.selectors.draft import unpublished_changes
    from governance.selectors.policy_versions import newest_version

    assert unpublished_changes()
    draft = read_draft()
    return make_release(
        actor=Actor.person(author) if author is not None else SETUP,
        document=draft.document,
        message=message,
        based_on=newest_version().number,
        signing=keys.policy_keys(),
        engine=keys.engine_keys(),
        draft_revision=draft.revision,
    )
