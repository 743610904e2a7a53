"""What a policy has switched off or put into shadow: said in banners, on the console's first page and in readyz."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def switched_off(document: Mapping[str, Any]) -> Iterator[str]:
    """One line for everything that protects and does not: `detectors.off: jwt`, `rules.r1: shadow`."""
    for section in ("blocklist", "detectors"):
        part = document.get(section, {})
        if "packs" in part and "builtin" not in part["packs"]:
            yield f"{section}.packs: builtin is off"
        for state in ("off", "shadow"):
            for name in part.get(state, ()):
                yield f"{section}.{state}: {name}"
        for entry in (*part.get("entries", ()), *part.get("own", ())):
            if entry.get("mode") == "shadow":
                yield f"{section}.{entry['id']}: shadow"
    for layer, state in document.get("layers", {}).items():
        if state.get("mode") == "shadow":
            yield f"layers.{layer}: shadow until {state.get('until')}"
    for rule in document.get("rules", ()):
        if rule.get("mode") == "shadow":
            yield f"rules.{rule['id']}: shadow"
    for hook in document.get("hooks", ()):
        if not hook.get("enabled", True):
            yield f"hooks.{hook['id']}: off"
        elif hook.get("mode") == "shadow":
            yield f"hooks.{hook['id']}: shadow"
    if document.get("rate_limits", {}).get("disabled"):
        yield "rate_limits: disabled"
    for exemption in document.get("exemptions", ()):
        yield f"exemption: {exemption['name']} for {exemption['entity']} until {exemption.get('until')}"
