"""`policy diff`: what changes for whom between two policies."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace

from governance.management.policy.documents import is_stored, load
from governance.management.policy.subcommand import FINDINGS, GOOD, UNUSABLE, Streams, Subcommand
from governance.policy.diff.semantic import compare
from governance.policy.document.canonical import without_principals
from governance.selectors.directory_now import directory_now
from governance.selectors.policy_versions import Which


def configure(parser: ArgumentParser) -> None:
    for name in ("old", "new"):
        parser.add_argument(name, metavar=name.upper(), help="a policy file, a folder, draft, current or a release")
    parser.add_argument("--json", action="store_true", help="one line of JSON a change")


def run(options: Namespace, streams: Streams) -> int:
    """0 when both say the same, 1 when they differ, 2 when one cannot be used."""
    old, new = load(options.old, streams), load(options.new, streams)
    if old is None or new is None:
        return UNUSABLE
    if any(is_stored(one) and one != Which.DRAFT for one in (options.old, options.new)):
        old, new = without_principals(old), without_principals(new)
    directory = directory_now().principals if needs_database(options) else None
    changes = compare(old, new, directory=directory)
    for change in changes:
        if options.json:
            streams.out.write(json.dumps(change.line(), ensure_ascii=False) + "\n")
        else:
            streams.out.write(f"{change.effect:<8} {change.path}: {change.summary}\n")
    return FINDINGS if changes else GOOD


def needs_database(options: Namespace) -> bool:
    return is_stored(options.old) or is_stored(options.new)


SUBCOMMAND = Subcommand(
    name="diff",
    summary="say what changes for whom between two policies",
    configure=configure,
    run=run,
    needs_database=needs_database,
)
