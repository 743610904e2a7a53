"""The built-in detectors compiled: one set of anchors, and for each anchor what to try where."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from governance.engine.detection.catalogue import DETECTORS
from governance.engine.detection.detector import (
    LOW,
    MEDIUM,
    Detector,
    DetectorError,
    is_dense,
    literal_of,
    longest,
    parts_of,
    pattern_of,
    shortest,
)
from governance.engine.detection.matching import assignment
from governance.engine.detection.matching.benign import is_blank, is_documented
from governance.engine.detection.matching.checks import CHECKS
from governance.engine.detection.patterns import UNANCHORED, WORD, AnchorSet, PatternError, Purse, match_at, regexp
from governance.engine.detection.reading.views import HINTS, Cuts

_TOKEN = 64  # bytes before and after a run that may belong to its token
_TOKEN_ENDS = frozenset({b".", b":", b"|", b"="})
_TOKEN_BYTES = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:|/-"
_ARMOUR = 16 << 10  # bytes that an armoured key may be long
_OPEN = 4096  # bytes that a part without an upper bound is followed
_SECRETISH = re.compile(rb"(?i)key|token|secret|pass|pwd|auth|cred|api|pat\b|signature|license|dsn|uri|login|msh")
_AFTER = frozenset(WORD | {0x5F})
_AFTER_BASE64 = frozenset(_AFTER | frozenset(b"+/="))


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A match in one text. `specific` detectors know a format; the others judge a value by its name."""

    detector: str
    kind: str
    confidence: str
    start: int
    end: int
    specific: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Try:
    """One pattern of one detector, tried where `literal` stands, or `word` in any case, `before` bytes ahead."""

    detector: Detector
    pattern: Any
    source: str
    literal: bytes
    word: bytes | None
    before: int
    reach: int
    fixed: int
    free: bool
    lengths: tuple[int, int]


class Worthwhile(NamedTuple):
    """What the anchors said of a text: the contexts and hints that occur, and the numbers of the tries worth making."""

    contexts: set[str]
    worth: list[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorMatcher:
    """All built-in detectors and the contexts of `assignment`. Immutable: one for the process, for any thread."""

    anchors: AnchorSet
    tries: tuple[tuple[_Try, ...], ...]
    contexts: tuple[str, ...]
    dense: AnchorSet
    dense_tries: tuple[_Try, ...]
    dense_lengths: frozenset[int]

    def ask(self, text: bytes) -> Worthwhile:
        """What occurs in the text at all: one pass over it, for everything else that is asked."""
        contexts: set[str] = set()
        worth: list[int] = []
        found = self.anchors.match(text)
        if not found:
            return Worthwhile(contexts=contexts, worth=worth)
        first = len(self.contexts)
        for number in found:
            if number < first:
                contexts.add(self.contexts[number])
            else:
                worth.append(number - first)
        return Worthwhile(contexts=contexts, worth=worth)

    def match(
        self, text: bytes, asked: Worthwhile, runs: Sequence[tuple[int, int]], purse: Purse, *, cuts: Cuts | None = None
    ) -> Iterator[Match]:
        """Every hit in the text, that holds what `asked` says and whose long runs of letters and digits are at `runs`.

        With `cuts` the text was put together there, and only formats that span a cut count.
        """
        for start, end in runs:
            if not purse.spend():
                return
            yield from self._dense(text, start, end, purse, cuts)
        lower = b""
        for number in asked.worth:
            for attempt in self.tries[number]:
                if cuts is not None and (attempt.word is not None or attempt.detector.confidence == LOW):
                    continue
                if attempt.word is not None and not lower:
                    lower = text.lower()
                yield from _attempt(attempt, text, lower, purse, cuts)
        if asked.contexts and cuts is None:
            for found in assignment.assigned(asked.contexts, text, purse):
                yield Match(
                    detector=found.detector,
                    kind=found.kind,
                    confidence=found.confidence,
                    start=found.start,
                    end=found.end,
                    specific=False,
                )

    def _dense(self, text: bytes, start: int, end: int, purse: Purse, cuts: Cuts | None) -> Iterator[Match]:
        """Formats without a telling literal: tried at the begin of a run, and of the token that the run ends."""
        if end - start not in self.dense_lengths and _TOKEN_ENDS.isdisjoint(
            (text[end : end + 1], text[start - 1 : start])
        ):
            return
        lead = text[max(0, start - _TOKEN) : start]
        head = start - len(lead) + len(lead.rstrip(_TOKEN_BYTES))
        stop = min(len(text), end + _TOKEN)
        for begin in {start, head}:
            for number in self.dense.match(text[begin:stop]):
                attempt = self.dense_tries[number]
                if not purse.spend():
                    return
                span = match_at(attempt.pattern, text, begin, stop)
                if span is not None and (hit := _accepted(attempt, text, *span, cuts)) is not None:
                    yield hit


@cache
def builtin() -> DetectorMatcher:
    """Compile the catalogue once for the process; raises DetectorError or PatternError, which stop the start."""
    contexts = (*assignment.ANCHORS, *HINTS)
    by_anchor: dict[str, list[_Try]] = {}
    dense: list[_Try] = []
    for detector in DETECTORS:
        try:
            for anchor, attempt in _tries(detector):
                if anchor is None:
                    dense.append(attempt)
                else:
                    by_anchor.setdefault(anchor, []).append(attempt)
        except PatternError as error:
            raise DetectorError(detector.id, str(error)) from error
    anchors = AnchorSet.build([*assignment.ANCHORS.values(), *HINTS.values(), *by_anchor])
    return DetectorMatcher(
        anchors=anchors,
        tries=tuple(map(tuple, by_anchor.values())),
        contexts=contexts,
        dense=AnchorSet.build((attempt.source for attempt in dense), at_start=True),
        dense_tries=tuple(dense),
        dense_lengths=frozenset(n for attempt in dense for n in range(*attempt.lengths)),
    )


def _tries(detector: Detector) -> Iterator[tuple[str | None, _Try]]:
    if detector.words:
        pattern = regexp(detector.patterns[0])
        reach = 140 + max(longest(shape, _OPEN) for shape in detector.shapes)
        for word in detector.words:
            yield (
                f"(?i:{re.escape(word)})",
                _Try(
                    detector=detector,
                    pattern=pattern,
                    source="",
                    literal=b"",
                    word=word.encode(),
                    before=0,
                    reach=len(word) + reach,
                    fixed=0,
                    free=_SECRETISH.search(word.encode()) is not None,
                    lengths=(0, 0),
                ),
            )
        return
    for shape, anchor in zip(detector.shapes, detector.anchors, strict=True):
        lead = parts_of(shape)[0]
        literal, number = literal_of(shape)
        leads = number < 0
        source = pattern_of(shape)
        strong = len(lead) >= 6 and not lead.isalnum()
        yield (
            None if is_dense(shape) else anchor,
            _Try(
                detector=detector,
                pattern=regexp(f"({source})"),
                source=source,
                literal=literal.encode(),
                word=None,
                before=0 if leads else longest(shape, 120),
                reach=longest(shape, _OPEN) + 1,
                fixed=len(lead),
                free=bool(lead) and (strong or not lead[0].isalnum()),
                lengths=(shortest(shape), longest(shape, 200) + 1),
            ),
        )


def _attempt(attempt: _Try, text: bytes, lower: bytes, purse: Purse, cuts: Cuts | None) -> Iterator[Match]:
    guarded = not attempt.free and attempt.word is None and not attempt.before
    source, needle = (text, attempt.literal) if attempt.word is None else (lower, attempt.word)
    at, done = source.find(needle), 0
    while at >= 0:
        if not purse.spend():
            return
        if at >= done and not (guarded and at and text[at - 1] in WORD and (cuts is None or at not in cuts)):
            span = _span(attempt, text, at)
            if span is not None and (hit := _accepted(attempt, text, *span, cuts, at)) is not None:
                done = hit.end
                yield hit
        at = source.find(needle, at + 1)


def _accepted(
    attempt: _Try, text: bytes, start: int, end: int, cuts: Cuts | None, at: int | None = None
) -> Match | None:
    """A match that stands alone where it must, is put together where it must, and is random enough."""
    detector = attempt.detector
    if attempt.word is None:
        if not attempt.free and start and text[start - 1] in WORD and (cuts is None or start not in cuts):
            return None
        if detector.bounded and end < len(text) and text[end] in _after(detector) and (cuts is None or end not in cuts):
            return None
    elif not attempt.free and _SECRETISH.search(text, at or 0, start) is None:
        return None
    if cuts is not None and not cuts.inside(start, end):
        return None
    return _confirmed(detector, text, start, end, attempt.fixed)


def _after(detector: Detector) -> frozenset[int]:
    return _AFTER_BASE64 if detector.shapes[0].startswith("{b:") else _AFTER


def _span(attempt: _Try, text: bytes, at: int) -> tuple[int, int] | None:
    if not attempt.before:
        return match_at(attempt.pattern, text, at, min(len(text), at + attempt.reach))
    start = max(0, at - attempt.before)
    found = attempt.pattern.Match(UNANCHORED, text, start, min(len(text), at + attempt.reach))
    return None if found[0][0] < 0 else found[0]


def _armoured(text: bytes, end: int) -> int:
    """Where the armoured key ends whose head was found: at its foot, or where a key of that kind can be at most."""
    foot = text.find(b"-----END", end, end + _ARMOUR)
    return foot if foot >= 0 else min(len(text), end + 600)


def _confirmed(detector: Detector, text: bytes, start: int, end: int, fixed: int) -> Match | None:
    if detector.check == "armour":
        end = _armoured(text, end)
    value = text[start:end].decode("utf-8", "replace")
    if detector.floor and (is_documented(value) or is_blank(value[fixed:], detector.floor)):
        return None
    confidence = detector.confidence
    if detector.check is not None and not CHECKS[detector.check](value):
        if detector.strict:
            return None
        confidence = MEDIUM
    return Match(detector=detector.id, kind=detector.kind, confidence=confidence, start=start, end=end, specific=True)
