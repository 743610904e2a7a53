#!/usr/bin/env python
"""Run a Toolgate management command, with the embedded database up where the command needs one."""

from __future__ import annotations

import os
import sys

# Commands that touch no database, or (serve) bring it up in their own order.
WITHOUT_DATABASE = frozenset(
    {
        "check",
        "collectstatic",
        "findstatic",
        "help",
        "makemigrations",
        "policy",  # most of its subcommands read files; the others bring the database up themselves
        "serve",
        "settings_doc",
        "spectacular",
        "version",
    }
)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    asks_for_help = not {"--help", "-h", "--version"}.isdisjoint(sys.argv)
    if command not in WITHOUT_DATABASE and not asks_for_help:
        from config.machine import embedded, postgres

        try:
            embedded.hold()
        except (ImproperlyConfigured, postgres.PostgresError) as error:
            sys.exit(f"{error}")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
