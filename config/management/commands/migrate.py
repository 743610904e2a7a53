"""`manage.py migrate`, as the role that owns the tables, then the rights of the application's role on them."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.core.management.commands.migrate import Command as DjangoMigrate

from config.machine.grants import grant_application_rights


class Command(DjangoMigrate):
    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.set_defaults(database="owner")

    def handle(self, *args: Any, **options: Any) -> str | None:
        answer = super().handle(*args, **options)
        if options["database"] == "owner":
            grant_application_rights("owner", "default")
        return answer
