"""What stands in a word or a text for what cannot be known."""

from __future__ import annotations

from typing import Final

UNKNOWN: Final = "\ue000"
"""Stands in a word for what only running would tell."""

SPLIT: Final = "\ue001"
"""Marks a place where an unquoted expansion splits a word."""

FETCHED: Final = "\ue002"
"""Stands in a text for what was downloaded."""

DECODED: Final = "\ue003"
"""Stands in a text for what was decoded from something unknown."""
