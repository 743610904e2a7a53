"""`policy export`: a stored policy as a file in canonical form."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from governance.engine.document.policy import PolicyDocument
from governance.management.policy.releases.releasing import guarded
from governance.management.policy.subcommand import FINDINGS, GOOD, Streams, Subcommand
from governance.policy.document.canonical import without_principals
from governance.policy.files.bundle import write_yaml
from governance.policy.tables.compiler import read_draft
from governance.selectors.policy_versions import newest_version, release_version


def configure(parser: ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--release", type=int, metavar="N", help="the release of this number")
    which.add_argument("--draft", action="store_true", help="the draft (default: what is in force)")


def run(options: Namespace, streams: Streams) -> int:
    """0 when it was written, 1 when there is no such release, 2 when it is not what was signed.

    No release holds principals: while the draft says what is in force, they are added from it, so that a file that
    was imported and published comes out as it went in.
    """

    def work() -> int:
        document = _wanted(options)
        if document is None:
            streams.err.write("nothing is published yet; --draft exports the draft\n")
            return FINDINGS
        streams.out.write(write_yaml(document))
        return GOOD

    return guarded(work, streams)


def _wanted(options: Namespace) -> PolicyDocument | None:
    if options.draft:
        return read_draft().document  # sound or not: it is the author's to keep
    if options.release is not None:
        return release_version(options.release).document
    current, draft = newest_version(), read_draft().document
    if current.nothing_released:
        return None
    return draft if without_principals(draft) == current.document else current.document


SUBCOMMAND = Subcommand(
    name="export",
    summary="write a stored policy as a file in canonical form",
    configure=configure,
    run=run,
    needs_database=lambda _options: True,
)
