"""The documents that subcommands work on: files, folders, the draft, a release."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from governance.engine.document.policy import PolicyDocument
from governance.management.policy.subcommand import Streams
from governance.policy.files.bundle import PolicyErrors, read_policy
from governance.selectors.policy_versions import (
    DraftVersion,
    ReleaseAltered,
    ReleaseUnknown,
    policy_version,
    reference_of,
)


def is_stored(reference: str) -> bool:
    """Whether a reference means the database: `draft`, `current` or a release's number, and no file of that name."""
    return reference_of(reference) is not None and not Path(reference).exists()


def load(references: str | Sequence[str], streams: Streams) -> PolicyDocument | None:
    """The document that is meant, or None once everything that is wrong with it has been written to `err`."""
    try:
        if isinstance(references, str) and is_stored(references):
            return _stored(references, streams)
        return read_policy(references)
    except PolicyErrors as errors:
        for error in errors.errors:
            streams.err.write(f"{error}\n")
        count = len(errors.errors)
        streams.err.write(f"{count} {'error' if count == 1 else 'errors'}\n")
        return None


def _stored(text: str, streams: Streams) -> PolicyDocument | None:
    reference = reference_of(text)
    assert reference is not None
    try:
        version = policy_version(reference)
    except (ReleaseUnknown, ReleaseAltered) as error:
        streams.err.write(f"{error}\n")
        return None
    if isinstance(version, DraftVersion):
        return version.written
    if version.nothing_released:
        streams.err.write("there is no release yet\n")
        return None
    return version.document
