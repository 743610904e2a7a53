"""`policy import`: replace the whole draft by a policy file, all or nothing."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from django.db import transaction

from accounts.services.change import RowChange
from accounts.services.directory import import_principals
from governance.management.policy.documents import load
from governance.management.policy.releases.releasing import guarded, operator
from governance.management.policy.subcommand import GOOD, UNUSABLE, Streams, Subcommand
from governance.services.authoring.draft import replace_draft

_VERBS = {"created": "adds", "changed": "changes", "deleted": "removes"}


def configure(parser: ArgumentParser) -> None:
    parser.add_argument("paths", nargs="+", metavar="FILE|DIR", help="a policy file, or a folder of them")
    parser.add_argument("--dry-run", action="store_true", help="write nothing; list what would change and be removed")
    parser.add_argument(
        "--with-principals", action="store_true", help="create and update its principals in the directory too"
    )
    parser.add_argument("--reason", default="", help="kept with every change in the history")


def run(options: Namespace, streams: Streams) -> int:
    """0 when the draft says what the file says, 2 when the file cannot be used."""
    document = load(options.paths, streams)
    if document is None:
        return UNUSABLE

    def work() -> int:
        people: list[RowChange] = []
        with transaction.atomic():
            actor = operator()
            replaced = replace_draft(actor=actor, document=document, reason=options.reason, dry_run=options.dry_run)
            if options.with_principals:
                people = import_principals(actor=actor, principals=document.get("principals", {}))
            if options.dry_run:
                transaction.set_rollback(True)
        changes = [*replaced.changes, *people]
        for change in changes if options.dry_run else [one for one in changes if one.action == "deleted"]:
            streams.out.write(f"{_VERBS.get(change.action, change.action):<8} {change.model} {change.object}\n")
        counted = ", ".join(
            f"{sum(one.action == action for one in changes)} {word}"
            for action, word in (("created", "added"), ("changed", "changed"), ("deleted", "removed"))
        )
        streams.out.write(f"{'Would be: ' if options.dry_run else ''}{counted}\n")
        return GOOD

    return guarded(work, streams)


SUBCOMMAND = Subcommand(
    name="import",
    summary="replace the whole draft by a policy file",
    configure=configure,
    run=run,
    needs_database=lambda _options: True,
)
