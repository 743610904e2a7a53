"""What exemptions, layers, hooks, detectors and tests must keep to beyond their shape."""

from __future__ import annotations

import re2

from governance.engine.decision import SHADOWABLE
from governance.engine.detection.detector import DetectorError
from governance.engine.detection.matching.own import OwnDetectors
from governance.policy.checks.strings import bad_regex
from governance.policy.checks.structure import check_structure, shown
from governance.policy.document.errors import PolicyError
from governance.policy.document.node import Node
from governance.policy.schema.sections import record_at

_ARGUMENT_OF = {"command": ("command",), "prompt": ("prompt", "endpoint"), "agent": ("agent",)}


def check_exemptions(root: Node, errors: list[PolicyError]) -> None:
    """An exemption says why, in more than blanks."""
    for exemption in root.items("exemptions"):
        said = exemption.get("justification")
        if said is not None and isinstance(said.content, str) and not said.content.strip():
            errors.append(said.error("is blank; say why the control may not hold here"))


def check_layers(root: Node, errors: list[PolicyError]) -> None:
    """Only layers 2, 3 and 4 may be in shadow as a whole, and only with an end."""
    for name, layer in root.entries("layers").items():
        if layer.text("mode") != "shadow":
            continue
        if name not in SHADOWABLE:
            where = layer.get("mode") or layer
            errors.append(where.error(f"{name} has no shadow; only {', '.join(SHADOWABLE)} have"))
        elif layer.get("until") is None:
            errors.append(layer.lacks("until", "a layer is in shadow for at most 14 days"))


def check_hooks(root: Node, errors: list[PolicyError]) -> None:
    """A hook has its type's argument and no other's, and a system hook never lets its failure pass."""
    for hook in root.items("hooks"):
        kind = hook.text("type")
        if kind in _ARGUMENT_OF:
            wanted = _ARGUMENT_OF[kind]
            if hook.get(wanted[0]) is None:
                errors.append(hook.lacks(wanted[0], f"a {kind} hook needs it"))
            for key in ("command", "prompt", "endpoint", "agent"):
                stray = hook.get(key)
                if stray is not None and key not in wanted:
                    errors.append(stray.error(f"{key} means nothing for a {kind} hook"))
        if hook.text("category") == "system" and hook.text("on_failure") == "allow":
            where = hook.get("on_failure") or hook
            errors.append(where.error("a system hook that fails blocks"))


def check_detectors(root: Node, errors: list[PolicyError]) -> None:
    """Own detectors find what their examples say, and nothing in the others."""
    shape = record_at("detectors", "own")
    for own in root.items("detectors", "own"):
        pattern = own.text("pattern")
        if not pattern or bad_regex(pattern):
            continue
        compiled = re2.compile(pattern)
        sound = check_structure(own, shape, [])
        for key, wanted in (("match", True), ("pass", False)):
            for example in own.items("examples", key):
                if isinstance(example.content, str) and (compiled.search(example.content) is not None) != wanted:
                    verb = "does not match" if wanted else "matches"
                    errors.append(example.error(f"the pattern {verb} this example"))
                    sound = False
        if sound:
            _compilable(own, errors)


def _compilable(own: Node, errors: list[PolicyError]) -> None:
    """The scanner has the last word: it reads bytes, and bounds how large an expression may be."""
    try:
        OwnDetectors.compile([own.plain()], [])
    except DetectorError as error:
        errors.append((own.get("pattern") or own).error(error.reason))


def check_tests(root: Node, errors: list[PolicyError]) -> None:
    """A test calls either a tool of a server or one entity."""
    for test in root.items("tests"):
        call = test.get("call")
        if call is None or not isinstance(call.content, dict):
            continue
        by_entity = "entity" in call.content
        by_tool = "server" in call.content or "tool" in call.content
        if by_entity == by_tool:
            errors.append(call.error("names either an entity, or a server and a tool"))
        elif by_tool and not ("server" in call.content and "tool" in call.content):
            missing = "tool" if "server" in call.content else "server"
            errors.append(call.error(f"{missing} is missing"))
        tool = call.text("tool")
        if tool is not None and "/" in tool:
            where = call.get("tool") or call
            errors.append(where.error(f"{shown(tool)} is no tool's own name; it is one segment"))
