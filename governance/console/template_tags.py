"""Filters and tags of the console's templates. All of them answer plain text or escaped HTML."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.timesince import timesince, timeuntil

from accounts.admin.base.badge import badge as badge_html

register = template.Library()

EFFECT_TONES = {"widens": "widens", "tightens": "tightens", "both": "ask", "neutral": "plain"}
OUTCOME_TONES = {"pass": "allow", "fail": "deny", "skipped": "plain", "shadow_fail": "shadow"}


@register.filter
def visible(text: object) -> str:
    """Text with what cannot be seen made visible: control, bidirectional and other invisible characters as \\u{…}."""
    return "".join(char if char.isprintable() or char == "\n" else f"\\u{{{ord(char):x}}}" for char in str(text))


@register.simple_tag
def badge(word: str, tone: str = "") -> str:
    """A word with icon and colour."""
    return badge_html(visible(word), tone or OUTCOME_TONES.get(word) or EFFECT_TONES.get(word) or word)


@register.filter
def as_json(value: Any) -> str:
    """JSON for people, indented."""
    return visible(json.dumps(value, indent=2, ensure_ascii=False, default=str))


@register.inclusion_tag("components/sparkline.html")
def sparkline(counts: Sequence[int]) -> dict[str, Any]:
    """A small bar chart of a few counts, read aloud as the counts."""
    highest = max([1, *counts])
    bars = [
        {"x": place * 10, "y": 20 - height, "height": height}
        for place, count in enumerate(counts)
        for height in [max(1, round(20 * count / highest)) if count else 0]
    ]
    said = ", ".join(str(count) for count in counts)
    return {"bars": bars, "width": max(1, len(counts)) * 10, "said": f"{sum(counts)} in all, by day: {said}"}


@register.filter
def relative(moment: datetime) -> str:
    """How long ago, or in how long: `just now`, `5 minutes ago`, `in 59 minutes`."""
    away = moment - timezone.now()
    if abs(away.total_seconds()) < 60:
        return "just now" if away.total_seconds() <= 0 else "in less than a minute"
    return f"{timesince(moment)} ago" if away.total_seconds() < 0 else f"in {timeuntil(moment)}"


@register.filter
def yes_no(value: bool | None) -> str:
    """A truth value in words; None cannot be told."""
    return "cannot be told" if value is None else "yes" if value else "no"
