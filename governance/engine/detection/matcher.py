"""The built-in detectors compiled: one set of anchors, and for each anchor what to try where."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from governance.engine.detection import assignment
from governance.engine.detection.benign import is_blank, is_documented
from governance.engine.detection.catalogue import DETECTORS
from governance.engine.detection.checks import CHECKS
from governance.engine.detection.detector import HIGH, MEDIUM, Detector, DetectorError, longest, parts_of, pattern_of
from governance.engine.detection.patterns import UNANCHORED, WORD, AnchorSet, PatternError, Purse, match_at, regexp
from governance.engine.detection.views import Cuts

_OPEN = 4096  # bytes that a part without an upper bound is followed
_SECRETISH = re.compile(rb"(?i)key|token|secret|pass|pwd|auth|cred|api|pat\b|signature|license|dsn|uri|login|msh")
_AFTER = frozenset(WORD | {0x5F})
_AFTER_BASE64 = frozenset(_AFTER | frozenset(b"+/="))


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A match in one text. `specific` detectors know a format; the others judge a value by its name."""

    detector: str
    kind: str
    confidence: str
    start: int
    end: int
    specific: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Try:
    """One pattern of one detector. `literal` is where it begins; None where the pattern begins with a random part."""

    detector: Detector
    pattern: Any
    literal: bytes | None
    word: bytes | None
    seek: Any
    before: int
    reach: int
    fixed: int
    free: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Matcher:
    """All built-in detectors and the contexts of `assignment`. Immutable: one for the process, for any thread."""

    anchors: AnchorSet
    tries: tuple[tuple[_Try, ...], ...]
    contexts: tuple[str, ...]

    def match(self, text: bytes, purse: Purse, *, cuts: Cuts | None = None) -> Iterator[Hit]:
        """Every hit in the text. With `cuts` the text was put together there: only formats that span a cut count."""
        contexts: set[str] = set()
        lower = b""
        for number in self.anchors.match(text):
            if number < len(self.contexts):
                contexts.add(self.contexts[number])
                continue
            for attempt in self.tries[number - len(self.contexts)]:
                if cuts is not None and (attempt.word is not None or attempt.detector.confidence is not HIGH):
                    continue
                if attempt.word is not None and not lower:
                    lower = text.lower()
                yield from _attempt(attempt, text, lower, purse, cuts)
        if contexts and cuts is None:
            for found in assignment.assigned(contexts, text, purse):
                yield Hit(
                    detector=found.detector,
                    kind=found.kind,
                    confidence=found.confidence,
                    start=found.start,
                    end=found.end,
                    specific=False,
                )


@cache
def builtin() -> Matcher:
    """Compile the catalogue once for the process; raises DetectorError or PatternError, which stop the start."""
    contexts = tuple(assignment.ANCHORS)
    by_anchor: dict[str, list[_Try]] = {}
    for detector in DETECTORS:
        try:
            for anchor, attempt in _tries(detector):
                by_anchor.setdefault(anchor, []).append(attempt)
        except PatternError as error:
            raise DetectorError(detector.id, str(error)) from error
    anchors = AnchorSet.build([*assignment.ANCHORS.values(), *by_anchor])
    return Matcher(anchors=anchors, tries=tuple(map(tuple, by_anchor.values())), contexts=contexts)


def _tries(detector: Detector) -> Iterator[tuple[str, _Try]]:
    if detector.words:
        pattern = regexp(detector.patterns[0])
        reach = 140 + max(longest(shape, _OPEN) for shape in detector.shapes)
        for word in detector.words:
            yield (
                f"(?i:{re.escape(word)})",
                _Try(detector=detector, pattern=pattern, literal=None, word=word.encode(), seek=None, before=0,
                     reach=len(word) + reach, fixed=0, free=_SECRETISH.search(word.encode()) is not None),
            )
        return
    for shape, anchor in zip(detector.shapes, detector.anchors, strict=True):
        lead = parts_of(shape)[0]
        literal = lead.encode() if lead else None
        strong = len(lead) >= 6 and not lead.isalnum()
        yield (
            anchor,
            _Try(detector=detector, pattern=regexp(f"({pattern_of(shape)})"), literal=literal, word=None,
                 seek=None if literal else regexp(anchor), before=0 if literal else longest(shape, 120),
                 reach=longest(shape, _OPEN) + 1, fixed=len(lead),
                 free=bool(lead) and (strong or not lead[0].isalnum())),
        )


def _attempt(attempt: _Try, text: bytes, lower: bytes, purse: Purse, cuts: Cuts | None) -> Iterator[Hit]:
    detector = attempt.detector
    guarded = not attempt.free and attempt.literal is not None
    for at in _positions(attempt, text, lower):
        if not purse.spend():
            return
        if guarded and at and text[at - 1] in WORD and (cuts is None or at not in cuts):
            continue
        span = _span(attempt, text, at)
        if span is None:
            continue
        start, end = span
        if attempt.seek is not None and start and text[start - 1] in WORD:
            if cuts is None or start not in cuts:
                continue
        if detector.bounded and attempt.word is None and end < len(text) and text[end] in _after(detector):
            if cuts is None or end not in cuts:
                continue
        if cuts is not None and not cuts.inside(start, end):
            continue
        if attempt.word is not None and not attempt.free and _SECRETISH.search(text, at, start) is None:
            continue
        hit = _confirmed(detector, text, start, end, attempt.fixed)
        if hit is not None:
            yield hit


def _after(detector: Detector) -> frozenset[int]:
    return _AFTER_BASE64 if detector.shapes[0].startswith("{b:") else _AFTER


def _positions(attempt: _Try, text: bytes, lower: bytes) -> Iterator[int]:
    needle = attempt.literal or attempt.word
    if needle is not None:
        source = text if attempt.word is None else lower
        at = source.find(needle)
        while at >= 0:
            yield at
            at = source.find(needle, at + 1)
        return
    at, end = 0, len(text)
    while at < end:
        found = attempt.seek.Match(UNANCHORED, text, at, end)
        if found[0][0] < 0:
            return
        yield found[0][0]
        at = found[0][0] + 1


def _span(attempt: _Try, text: bytes, at: int) -> tuple[int, int] | None:
    if attempt.seek is None:
        return match_at(attempt.pattern, text, at, min(len(text), at + attempt.reach))
    start = max(0, at - attempt.before)
    found = attempt.pattern.Match(UNANCHORED, text, start, min(len(text), at + attempt.reach))
    return None if found[0][0] < 0 else found[0]


def _confirmed(detector: Detector, text: bytes, start: int, end: int, fixed: int) -> Hit | None:
    value = text[start:end].decode("utf-8", "replace")
    if detector.floor and (is_documented(value) or is_blank(value[fixed:], detector.floor)):
        return None
    confidence = detector.confidence
    if detector.check is not None and not CHECKS[detector.check](value):
        if detector.strict:
            return None
        confidence = MEDIUM
    return Hit(detector=detector.id, kind=detector.kind, confidence=confidence, start=start, end=end, specific=True)
