"""`manage.py policy`: everything that is done with a policy as a file."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from governance.management.policy.subcommand import Streams
from governance.management.policy.table import subcommands


class Command(BaseCommand):
    """Hands over to a subcommand and exits with its code: 0 good, 1 findings, 2 unusable input."""

    help = "Check, test, format and compare policy files. Exit codes: 0 good, 1 findings, 2 unusable input."
    requires_system_checks = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        self.subcommands = subcommands()
        choices = parser.add_subparsers(dest="subcommand", required=True, metavar="SUBCOMMAND", parser_class=_Parser)
        for name, subcommand in self.subcommands.items():
            subcommand.configure(choices.add_parser(name, help=subcommand.summary, description=subcommand.summary))

    def handle(self, *args: Any, **options: Any) -> None:
        from argparse import Namespace

        given = Namespace(**options)
        subcommand = self.subcommands[given.subcommand]
        if subcommand.needs_database(given):
            from config.machine import embedded
            from config.machine.postgres import PostgresError

            try:
                embedded.join()
            except PostgresError as error:
                raise CommandError(str(error), returncode=2) from error
        streams = Streams(out=getattr(self.stdout, "_out", sys.stdout), err=getattr(self.stderr, "_out", sys.stderr))
        code = subcommand.run(given, streams)
        if code:
            sys.exit(code)


class _Parser(ArgumentParser):
    """A plain parser for subcommands: Django's own takes arguments that argparse does not hand on."""
