"""`policy export`: a stored policy as a file in canonical form."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from governance.management.policy.releases.releasing import guarded
from governance.management.policy.subcommand import FINDINGS, GOOD, Streams, Subcommand
from governance.policy.files.bundle import write_yaml
from governance.policy.schema.shapes import Document


def configure(parser: ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--release", type=int, metavar="N", help="the release of this number")
    which.add_argument("--draft", action="store_true", help="the draft (default: what is in force)")


def run(options: Namespace, streams: Streams) -> int:
    """0 when it was written, 1 when there is no such release or it is not what was signed.

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


def _wanted(options: Namespace) -> Document | None:
    from governance.policy.tables.compiler import document_from_rows
    from governance.services.releasing.publish import in_force, release_document

    if options.draft:
        return document_from_rows()
    if options.release is not None:
        return release_document(options.release)
    current, draft = in_force().document, document_from_rows()
    if current is not None and {key: value for key, value in draft.items() if key != "principals"} == current:
        return draft
    return current


SUBCOMMAND = Subcommand(
    name="export",
    summary="write a stored policy as a file in canonical form",
    configure=configure,
    run=run,
    needs_database=lambda _options: True,
)
