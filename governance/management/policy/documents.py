"""The documents that subcommands work on: files, folders, the draft, a release."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from governance.engine.document.policy import PolicyDocument
from governance.management.policy.subcommand import Streams
from governance.policy.files.bundle import PolicyErrors, read_policy

STORED = ("draft", "current")


def is_stored(reference: str) -> bool:
    """Whether a reference means the database: `draft`, `current` or a release's number, and no file of that name."""
    return (reference in STORED or reference.isdecimal()) and not Path(reference).exists()


def load(references: str | Sequence[str], streams: Streams) -> PolicyDocument | None:
    """The document that is meant, or None once everything that is wrong with it has been written to `err`."""
    if isinstance(references, str) and is_stored(references):
        return _stored(references, streams)
    try:
        return read_policy(references)
    except PolicyErrors as errors:
        for error in errors.errors:
            streams.err.write(f"{error}\n")
        count = len(errors.errors)
        streams.err.write(f"{count} {'error' if count == 1 else 'errors'}\n")
        return None


def _stored(reference: str, streams: Streams) -> PolicyDocument | None:
    from accounts.services.errors import ServiceError
    from governance.policy.tables.compiler import document_from_rows
    from governance.services.releasing.publish import in_force, release_document

    if reference == "draft":
        return document_from_rows()
    try:
        document = in_force().document if reference == "current" else release_document(int(reference))
    except ServiceError as error:
        streams.err.write(f"{error}\n")
        return None
    if document is None:
        streams.err.write("there is no release yet\n")
    return document
