"""Words of the admin's lists: a state with its icon and colour, and the first few of many."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.html import format_html

ICONS = {
    "allow": "✓", "deny": "✕", "ask": "?", "enforce": "●", "shadow": "◌", "on": "●", "off": "○", "pass": "✓",
    "fail": "✕", "skipped": "–", "shadow_fail": "◌", "widens": "▲", "tightens": "▼", "both": "◆", "neutral": "–",
}  # fmt: skip


def badge(word: str, tone: str | None = None) -> str:
    """A word with its icon and colour; read aloud it is the word."""
    return format_html(
        '<span class="tg-badge tg-{}"><span aria-hidden="true">{}</span> {}</span>',
        tone or word,
        ICONS.get(word, "■"),
        word,
    )


def few(items: Iterable[str], most: int = 3) -> str:
    """The first few of a set, and how many more there are."""
    found = list(items)
    return ", ".join(found[:most]) + (f" and {len(found) - most} more" if len(found) > most else "")
