"""A value without its secrets: what a capture keeps, and what an enforcement point must pass on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from governance.engine.call import Json
from governance.engine.detection.finding import Finding
from governance.engine.detection.reading.leaves import segments

REDACTED = "[redacted]"


def redact(
    value: Json | Mapping[str, Json],
    findings: Iterable[Finding],
    *,
    replacement: str | None = None,
    same_shape: bool = False,
) -> Json:
    """A copy with every found leaf, and every found key, replaced by `[secret:<kind>]`, or by `replacement`.

    A leaf is replaced whole, by a text; with `same_shape` a number becomes 0, for readers that check types. Where two
    replaced keys of one object would collide, the later ones are numbered. Containers without a finding are copied too;
    the argument is never changed.
    """
    tree = _Node()
    for finding in findings:
        node = tree
        for segment in _split(finding.path):
            node = node.below.setdefault(segment, _Node())
        text = replacement if replacement is not None else f"[secret:{finding.kind}]"
        if finding.in_key:
            node.key = text
        else:
            node.leaf = text
    return _copy(value, tree, same_shape)


class _Node:
    __slots__ = ("below", "key", "leaf")

    def __init__(self) -> None:
        self.below: dict[str, _Node] = {}
        self.leaf: str | None = None
        self.key: str | None = None


def _copy(value: object, node: _Node | None, same_shape: bool) -> Json:
    if node is not None and node.leaf is not None:
        return 0 if same_shape and isinstance(value, (int, float)) else node.leaf
    if isinstance(value, Mapping):
        out: dict[str, Json] = {}
        for position, (key, named) in enumerate(segments(value)):
            below = None if node is None else node.below.get(named[1]) or node.below.get(named[0])
            name = key if below is None or below.key is None else below.key
            if name is not key:
                while name in out or (name in value):
                    name = f"{below.key if below is not None else name}#{position}"
            out[name] = _copy(value[key], below, same_shape)
        return out
    if isinstance(value, (list, tuple)):
        return [
            _copy(item, None if node is None else node.below.get(str(n)), same_shape) for n, item in enumerate(value)
        ]
    return value  # type: ignore[return-value]


def _split(path: str) -> list[str]:
    return path.split("/")[1:]
