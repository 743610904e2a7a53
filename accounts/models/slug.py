"""The ids that policy, tokens and the directory share, and the tiers they name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.validators import RegexValidator
from django.db import models

from governance.engine.normalise.names import SLUG

SLUG_MAX = 64

validate_slug = RegexValidator(
    rf"\A{SLUG}\Z",
    "Use 1 to 64 of a–z, 0–9, dot, dash and underscore, beginning with a letter or digit.",
)


class TierChoice(models.TextChoices):
    """The six permission levels, highest first; a tier implies every lower one."""

    ADMIN = "admin", "admin"
    USER = "user", "user"
    SERVICE = "service", "service"
    A2A = "a2a", "a2a"
    MCP = "mcp", "mcp"
    ANONYMOUS = "anonymous", "anonymous"


class RateTier(models.TextChoices):
    """Which multiplier of the rate limits applies."""

    ADMIN = "admin", "admin"
    USER = "user", "user"
    SERVICE = "service", "service"
    A2A = "a2a", "a2a"
    MCP = "mcp", "mcp"
    ANON = "anon", "anon"


class Sensitivity(models.TextChoices):
    """How much harm a disclosure or misuse does, lowest first."""

    PUBLIC = "public", "public"
    INTERNAL = "internal", "internal"
    CONFIDENTIAL = "confidential", "confidential"
    RESTRICTED = "restricted", "restricted"


if TYPE_CHECKING:
    _CharField = models.CharField[str, str]
else:
    _CharField = models.CharField


class SlugField(_CharField):
    """A slug of 00-product's words, compared by bytes whatever the database's collation."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", SLUG_MAX)
        kwargs.setdefault("db_collation", "C")
        others = [validator for validator in kwargs.get("validators", ()) if validator != validate_slug]
        kwargs["validators"] = [validate_slug, *others]
        super().__init__(*args, **kwargs)
