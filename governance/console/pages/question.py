"""What the pages ask their questions of: a policy, and the switches and the directory of this moment."""

from __future__ import annotations

import time

from django import forms

from governance.deciding import startup
from governance.engine.world import World
from governance.policy.document.errors import PolicyErrors
from governance.selectors.directory_now import directory_now
from governance.selectors.policy_versions import PolicyVersion, Which, asked_version
from governance.selectors.switches import live_switches
from governance.services.switches import stored_row


def chosen_version(form: forms.Form, *, draft: bool, unpublished: str) -> PolicyVersion | None:
    """What is in force, or the draft; None with an error on the form (`unpublished`, or the draft's faults)."""
    try:
        version = asked_version(Which.DRAFT if draft else Which.CURRENT)
    except PolicyErrors as faults:
        for fault in faults.errors[:10]:
            form.add_error(None, f"The draft cannot be used. {fault}")
        return None
    if version.nothing_released:
        form.add_error(None, unpublished)
        return None
    return version


def world_now() -> World:
    """Switches and directory of this moment: those of the running process, else read from the database."""
    try:
        return startup.current().world
    except RuntimeError:
        pass
    return World.of(
        switches=[stored_row(row).switch for row in live_switches()],
        confirmed_at=time.time(),
        directory=directory_now().principals,
    )
