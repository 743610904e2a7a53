"""What is checked when a policy is published, and only then: how far ahead ends may lie, and what production refuses.

A file must be readable and testable however old it is, so none of this is part of `validate`.
"""

from __future__ import annotations

from governance.engine.document.policy import PolicyDocument
from governance.policy.document.errors import PolicyError
from governance.policy.document.moments import seconds

DAY = 86_400
MAX_EXEMPTION_DAYS = 180
"""How far ahead an exemption may end, counted from the publish that first carries it."""

MAX_LAYER_SHADOW_DAYS = 14
"""How far ahead the shadow of a whole layer may end, at every publish that carries a new end."""


def publish_errors(
    document: PolicyDocument, *, published: PolicyDocument | None, now: float, production: bool
) -> list[PolicyError]:
    """Why a canonical, sound document must not be published at `now` (epoch seconds); empty when it may.

    `published` is the document in force: what it already carries, with the same end, was checked when it came.
    """
    errors: list[PolicyError] = []
    carried = published.get("exemptions", []) if published is not None else []
    for place, exemption in enumerate(document.get("exemptions", [])):
        if exemption not in carried and seconds(exemption["until"]) > now + MAX_EXEMPTION_DAYS * DAY:
            message = f"{exemption['until']} is more than {MAX_EXEMPTION_DAYS} days ahead"
            errors.append(PolicyError(path=f"exemptions[{place}].until", message=message))
    was = published.get("layers", {}) if published is not None else {}
    for name, layer in document.get("layers", {}).items():
        if layer.get("mode") != "shadow" or was.get(name) == layer:
            continue
        if seconds(layer["until"]) > now + MAX_LAYER_SHADOW_DAYS * DAY:
            message = f"{layer['until']} is more than {MAX_LAYER_SHADOW_DAYS} days ahead"
            errors.append(PolicyError(path=f"layers.{name}.until", message=message))
    if production:
        errors.extend(_production_errors(document))
    return errors


def _production_errors(document: PolicyDocument) -> list[PolicyError]:
    errors: list[PolicyError] = []
    if document.get("rate_limits", {}).get("disabled"):
        errors.append(PolicyError(path="rate_limits.disabled", message="is refused in production"))
    for name, server in document.get("servers", {}).items():
        if server.get("mode") == "disabled":
            message = "authentication may be disabled in development only"
            errors.append(PolicyError(path=f"servers.{name}.mode", message=message))
    return errors
