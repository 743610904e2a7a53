"""Detectors of the policy and canary values: RE2 only, tested against their examples when they are compiled."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from governance.engine.detection.detector import HIGH, DetectorError
from governance.engine.detection.matching.matcher import Match
from governance.engine.detection.patterns import UNANCHORED, AnchorSet, PatternError, Purse, regexp, spans
from governance.engine.detection.reading.views import Cuts
from governance.engine.document.controls import DetectorFields

MAX_PROGRAM = 4_000  # instructions of a compiled own pattern; more costs too much on a long text
MIN_CANARY = 8  # characters; a shorter value would be found in ordinary text
CANARY = "canary"
_CHUNK = 16 << 10  # bytes of a long text that own patterns see at a time
_OVERLAP = 1 << 10  # bytes that neighbouring chunks share: the longest match that own patterns promise


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnDetectors:
    """The compiled own detectors and canaries. Immutable."""

    ids: tuple[str, ...]
    kinds: tuple[str, ...]
    patterns: tuple[Any, ...]
    shadow: frozenset[str]
    anchors: AnchorSet | None

    @classmethod
    def compile(cls, own: Iterable[DetectorFields], canaries: Sequence[str]) -> OwnDetectors:
        """Compile `detectors.own` of a policy and the canary values; raises DetectorError.

        Each example under `match` must be found by its pattern and none under `pass` may be.
        """
        ids, kinds, sources, shadow = [], [], [], set()
        for entry in own:
            name = str(entry["id"])
            _compile(name, entry)
            ids.append(name)
            kinds.append("own")
            sources.append(str(entry["pattern"]))
            if entry.get("mode", "enforce") == "shadow":
                shadow.add(name)
        for value in canaries:
            if len(value) < MIN_CANARY:
                raise DetectorError(CANARY, f"a canary value has fewer than {MIN_CANARY} characters")
            ids.append(CANARY)
            kinds.append(CANARY)
            sources.append("|".join(re.escape(form) for form in sorted(_forms(value), key=len, reverse=True)))
        try:
            anchors = AnchorSet.build(sources) if sources else None
        except PatternError as error:
            raise DetectorError("own", str(error)) from error
        return cls(
            ids=tuple(ids),
            kinds=tuple(kinds),
            patterns=tuple(regexp(source) for source in sources),
            shadow=frozenset(shadow),
            anchors=anchors,
        )

    def match(self, text: bytes, purse: Purse, *, cuts: Cuts | None = None) -> Iterator[Match]:
        """Every hit in the text; with `cuts` only those that span a cut. Long texts are read in overlapping chunks."""
        if self.anchors is None:
            return
        for begin in range(0, max(1, len(text) - _OVERLAP), _CHUNK):
            chunk = text if len(text) <= _CHUNK + _OVERLAP else text[begin : begin + _CHUNK + _OVERLAP]
            if not purse.spend():
                return
            for number in self.anchors.match(chunk):
                for start, end in spans(self.patterns[number], chunk, 0, len(chunk), purse):
                    if cuts is not None and not cuts.inside(begin + start, begin + end):
                        continue
                    yield Match(
                        detector=self.ids[number],
                        kind=self.kinds[number],
                        confidence=HIGH,
                        start=begin + start,
                        end=begin + end,
                        specific=True,
                    )
            if chunk is text:
                return


def _compile(name: str, entry: DetectorFields) -> None:
    try:
        pattern = regexp(str(entry["pattern"]))
    except PatternError as error:
        raise DetectorError(name, str(error)) from error
    if pattern.ProgramSize() > MAX_PROGRAM:
        raise DetectorError(name, f"the pattern compiles to {pattern.ProgramSize()} instructions, over {MAX_PROGRAM}")
    if pattern.Match(UNANCHORED, b"", 0, 0)[0][0] >= 0:
        raise DetectorError(name, "the pattern matches the empty text")
    examples = entry.get("examples") or {}
    for wanted, texts in ((True, examples.get("match", ())), (False, examples.get("pass", ()))):
        for number, text in enumerate(texts):
            raw = str(text).encode()
            if (pattern.Match(UNANCHORED, raw, 0, len(raw))[0][0] >= 0) is not wanted:
                verb = "is not matched" if wanted else "is matched"
                raise DetectorError(name, f"example {'match' if wanted else 'pass'}[{number}] {verb}")


def _forms(value: str) -> set[str]:
    """A canary as it is, in hexadecimal, percent-encoded, and in base64 at each of the three alignments."""
    raw = value.encode()
    forms = {value, raw.hex(), raw.hex().upper(), quote(value, safe=""), value[::-1]}
    for lead, skip in ((0, 0), (1, 2), (2, 3)):
        padded = base64.b64encode(b"\0" * lead + raw).decode().rstrip("=")
        core = padded[skip:] if (lead + len(raw)) % 3 == 0 else padded[skip:-1]
        if len(core) >= MIN_CANARY:
            forms |= {core, core.replace("+", "-").replace("/", "_")}
    return forms
