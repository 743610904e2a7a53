"""`manage.py demo`: the demo policy and its people, in force, in an installation that holds nothing yet."""

from __future__ import annotations

import getpass
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.models import User
from accounts.services.actor import Actor
from accounts.services.directory import import_principals
from governance.deciding import keys
from governance.models import Release
from governance.policy.demo.files import POLICY_FILE
from governance.policy.files.bundle import read_policy
from governance.selectors.draft import holds_a_policy
from governance.services.authoring.draft import replace_draft
from governance.services.releasing.releases import make_release


class Command(BaseCommand):
    """Does nothing, and says so, where the demo is loaded already; refuses where anything else is."""

    help = "Load the demo policy with its principals into an empty installation and publish it as release 1."

    def handle(self, *args: Any, **options: Any) -> None:
        document = read_policy(POLICY_FILE)
        principals = document.get("principals", {})
        first = Release.objects.filter(number=1).values_list("message", flat=True).first()
        if first == _MESSAGE:
            self.stdout.write("The demo is loaded already.")
            return
        if first is not None or holds_a_policy():
            raise CommandError("This installation holds a policy; the demo is for an empty one.", returncode=1)
        taken = sorted(User.objects.filter(username__in=principals).values_list("username", flat=True))
        if taken:
            raise CommandError(f"The directory knows {', '.join(taken)}; the demo brings its own.", returncode=1)
        actor = Actor.command("demo", staff=getpass.getuser())
        with transaction.atomic():
            replaced = replace_draft(actor=actor, document=document, reason=_MESSAGE)
            import_principals(actor=actor, principals=principals)
            release = make_release(
                actor=actor,
                document=document,
                message=_MESSAGE,
                based_on=0,
                signing=keys.policy_keys(),
                engine=keys.engine_keys(),
                draft_revision=replaced.revision,
            )
        held = f"{release.rule_count} rules, {len(principals)} principals"
        self.stdout.write(f"The demo is in force as release {release.number}: {held}.")


_MESSAGE = "The demo policy"
