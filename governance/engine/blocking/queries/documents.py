"""What in the shell of a document database, or the console of an ORM, destroys data."""

from __future__ import annotations

import re
from collections.abc import Iterator

import re2

_DOCUMENT = re2.compile(
    r"(?i)"
    r"\.\s*dropDatabase\s*\(|\bdropDatabase\s*\(|\.\s*drop(?:Index(?:es)?)?\s*\(\s*(?:\{[^}]*\})?\s*\)"
    r"|\.\s*dropCollection\s*\(|\.\s*delete_?[mM]any\s*\(\s*(?:\{\s*\}|\))|\.\s*remove\s*\(\s*(?:\{\s*\}\s*)?[,)]|"
    r"\.\s*update_?[mM]any\s*\(\s*\{\s*\}|\.\s*drop_collection\s*\(|\.\s*drop_database\s*\("
    r"|\bdeleteMany\s*\(\s*\{\s*\}\s*\)|\.\s*deleteMany\s*\(\s*\{\s*_id\s*:\s*\{\s*\$(?:exists|ne)\b|"
    r"[\"']?\$out[\"']?\s*:\s*[\"']|\bmatch\s*\(\s*\w*\s*\)\s*(?:detach\s+)?delete\b|\.\s*shutdownServer\s*\("
    r"|dropAllUsers\w*\s*\(|\bdropUser\s*\(|\bdropRole\s*\(|\.\s*destroy_all\b|\.\s*delete_all\b|"
    r"\.objects\.all\(\)\.delete\(\)|\.\s*drop_all\s*\(|\bFLUSHALL\b|\bFLUSHDB\b"
)
_INDEX_DROP = re.compile(r"\.\s*dropIndex", re.IGNORECASE)


def document_hazards(text: str) -> Iterator[str]:
    """Checks that a text in a document database's shell (or an ORM's console) meets."""
    found = _DOCUMENT.search(text)
    if found and not (_INDEX_DROP.match(found[0]) and not _DOCUMENT.search(text[found.end() :])):
        yield "cache-flush" if found[0].upper().startswith("FLUSH") else "document-drop"
