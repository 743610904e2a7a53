#!/usr/bin/env python
"""Run a Toolgate management command against the installation that serves, with its database where it needs one."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

# Commands that neither touch a database nor talk to a running installation, or (serve) bring one up themselves.
ALONE = frozenset(
    {
        "check",
        "collectstatic",
        "findstatic",
        "help",
        "makemigrations",
        "serve",
        "settings_doc",
        "spectacular",
        "version",
    }
)
# Commands that need no database, or bring themselves to it where a subcommand does.
WITHOUT_DATABASE = frozenset({"instance", "policy"})
# Parts of an installation: they start its database again where it has died under them.
PARTS = frozenset({"ship"})


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    asks_for_help = not {"--help", "-h", "--version"}.isdisjoint(sys.argv)
    if command not in ALONE and not asks_for_help:
        from config.machine import embedded, instance, postgres

        instance.ask()
        try:
            import config.settings  # noqa: F401 -- reading them looks for the installation

            if command in PARTS:
                embedded.hold()
            elif command == "kill":  # it works without one, and says what that means
                with suppress(postgres.PostgresError):
                    embedded.join()
            elif command not in WITHOUT_DATABASE:
                embedded.join()
            if command != "instance" and (found := instance.found()) is not None:
                sys.stderr.write(f"toolgate: {found}\n")
        except (ImproperlyConfigured, instance.NoInstance, postgres.PostgresError) as error:
            sys.exit(f"{error}")
    execute_from_command_line(sys.argv)


def main_until_unread() -> None:
    """Run the command; where its reader leaves (`… | head`) it ends quietly, with the code of a broken pipe (141)."""
    try:
        try:
            main()
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what is flushed on the way out
        sys.exit(128 + 13)


if __name__ == "__main__":
    main_until_unread()
