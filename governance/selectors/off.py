"""What a policy has switched off or put into shadow: said in banners, on the console's first page and in readyz."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from governance.engine.document.controls import BlocklistEntryFields, BlocklistFields, DetectorFields, ScannerFields
from governance.engine.document.policy import PolicyDocument


def switched_off(document: PolicyDocument) -> Iterator[str]:
    """One line for everything that protects and does not: `detectors.off: jwt`, `rules.r1: shadow`."""
    blocklist, detectors = document.get("blocklist", {}), document.get("detectors", {})
    yield from _of_section("blocklist", blocklist, blocklist.get("entries", ()))
    yield from _of_section("detectors", detectors, detectors.get("own", ()))
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


def _of_section(
    section: str, said: BlocklistFields | ScannerFields, own: Iterable[BlocklistEntryFields | DetectorFields]
) -> Iterator[str]:
    if "packs" in said and "builtin" not in said["packs"]:
        yield f"{section}.packs: builtin is off"
    for name in said.get("off", ()):
        yield f"{section}.off: {name}"
    for name in said.get("shadow", ()):
        yield f"{section}.shadow: {name}"
    for entry in own:
        if entry.get("mode") == "shadow":
            yield f"{section}.{entry['id']}: shadow"
