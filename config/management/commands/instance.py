"""`manage.py instance`: the address of the installation that commands talk to."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.machine import instance


class Command(BaseCommand):
    """Prints the address and nothing else; exit code 1 where nothing serves."""

    help = "Print the address of the installation that serves from this checkout, or from TOOLGATE_VAR."
    requires_system_checks = ()
    requires_migrations_checks = False

    def handle(self, *args: Any, **options: Any) -> None:
        found = instance.found()
        if found is None:
            raise CommandError("Nothing serves here: start it with `make run`.", returncode=1)
        self.stdout.write(found.issuer)
