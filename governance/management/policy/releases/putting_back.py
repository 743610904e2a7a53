"""What the subcommands that put the draft back share: their options, and saying what became of it."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable

from governance.management.policy.releases.releasing import guarded
from governance.management.policy.subcommand import GOOD, Streams
from governance.services.authoring.draft import Replacement

_VERBS = {"created": "brings back", "changed": "puts back", "deleted": "removes"}


def configure(parser: ArgumentParser) -> None:
    """The options that all of them take."""
    parser.add_argument("--dry-run", action="store_true", help="write nothing; list what would be lost")
    parser.add_argument("--reason", default="", help="kept with every change in the history")
    parser.add_argument("--revision", type=int, metavar="N", help="only while the draft is still at this revision")


def put_back(options: Namespace, streams: Streams, work: Callable[[], Replacement]) -> int:
    """0 when it was done, or there was nothing to do; 1 when it was refused, 2 when it cannot be used."""

    def told() -> int:
        made = work()
        for change in made.changes:
            streams.out.write(f"{_VERBS[change.action]:<12} {change.model} {change.object}\n")
        if not options.dry_run:
            streams.out.write(f"The draft is at revision {made.revision}.\n")
        return GOOD

    return guarded(told, streams)
