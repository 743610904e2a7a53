"""One scanning function for every door: which credentials stand in a JSON value, and where.

The value becomes one text of its leaves (`leaves`), which is read as it is and then in every other way that it can be
read (`views`): without escapes, decoded, put together. Each reading is asked of the built-in detectors (`matcher`), the
broad rules (`broad`) and the policy's own (`own`). Everything is paid from a purse and a clock, and what cannot be
looked through is said to be incomplete, never clean.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import TypeAlias

from governance.engine.call import Json
from governance.engine.detection.finding import Finding, Scan
from governance.engine.detection.matching.assignment import judge
from governance.engine.detection.matching.broad import BroadRules, broad
from governance.engine.detection.matching.matcher import DetectorMatcher, Match, Worthwhile, builtin
from governance.engine.detection.matching.own import CANARY, OwnDetectors
from governance.engine.detection.patterns import Purse
from governance.engine.detection.reading import views
from governance.engine.detection.reading.leaves import (
    MARK,
    SEPARATOR,
    Place,
    gather,
    leaf_numbers,
    named,
    places,
    pointer,
)
from governance.engine.detection.reading.views import Cuts
from governance.engine.document.controls import DetectorFields

BUILTIN = "builtin"
OWN = "own"
_Runs: TypeAlias = list[tuple[int, int]]
_Places: TypeAlias = tuple[tuple[int, int], ...]  # (part, offset in it): several where a text is put together
_Owners: TypeAlias = list[_Places] | None  # of each part of a text; None for the text of the leaves itself
_NOTHING = Worthwhile(contexts=set(), worth=[])
_SURE = ("high", "medium", "low")
_IN_VALUE = 1 << 40  # an offset that no key reaches
MAX_DEPTH = 33  # containers inside each other: the doors' 32 and the arguments object itself
MAX_BYTES = 1 << 20  # of the leaves together; the doors admit 256 KiB
MAX_READ = 4 << 20  # bytes of all readings together
MAX_LAYERS = 4  # encodings inside each other
TRIES = 40_000  # pattern tries of one scan
CLEAN = {action: Scan(action=action) for action in ("block", "redact")}
FINDINGS = 128  # past so many the rest is not looked for
SECONDS = 0.03  # of processor time for all readings
BROAD_SECONDS = 0.015  # for one reading by the broad rules
# Bytes that the broad rules read without a clock: it costs a third of the reading, and they are linear.
UNTIMED = 4 << 10


@dataclass(frozen=True, slots=True)
class _Raw:
    """A hit tied to a part of the value; `offset` in bytes from the part's begin tells a key from its value."""

    hit: Match
    part: int
    offset: int
    value: bytes


@dataclass(slots=True)
class _Work:
    """The state of one scan."""

    purse: Purse
    unread: int = MAX_READ
    complete: bool = True
    named: bool = False
    raws: list[_Raw] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)

    def admits(self, size: int) -> bool:
        """May a reading of so many bytes still be made?"""
        self.unread -= size
        if self.unread < 0 or not self.purse.spend(1 + size // 4096) or len(self.raws) > FINDINGS:
            self.complete = False
        return self.complete


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanner:
    """The detectors of one release. Immutable and without state between scans: any number of threads may share it.

    `scan` never raises for what is in the value.
    """

    matcher: DetectorMatcher | None
    rules: BroadRules | None
    own: OwnDetectors
    off: frozenset[str]
    shadow: frozenset[str]
    action: str
    fingerprint_key: bytes

    @classmethod
    def compile(
        cls,
        *,
        packs: Iterable[str] = (BUILTIN,),
        off: Iterable[str] = (),
        shadow: Iterable[str] = (),
        own: Sequence[DetectorFields] = (),
        action: str = "block",
        canaries: Sequence[str] = (),
        fingerprint_key: bytes,
    ) -> Scanner:
        """Compile the `detectors` of a policy.

        `off` and `shadow` hold ids of detectors or packs; `own` is `detectors.own`; `canaries` are the values
        themselves; `fingerprint_key` is 16 to 64 bytes. Raises DetectorError, PatternError or BroadRulesError: a
        process or a release whose detectors do not compile must not start.
        """
        if not 16 <= len(fingerprint_key) <= 64:
            raise ValueError("the fingerprint key has 16 to 64 bytes")
        if action not in {"block", "redact"}:
            raise ValueError(f"unknown action {action!r}: block or redact")
        unwanted = frozenset(off)
        enabled = BUILTIN in set(packs) and BUILTIN not in unwanted
        policy = OwnDetectors.compile([entry for entry in own if entry["id"] not in unwanted], canaries)
        return cls(
            matcher=builtin() if enabled else None,
            rules=broad() if enabled else None,
            own=policy,
            off=unwanted,
            shadow=frozenset(shadow),
            action=action,
            fingerprint_key=fingerprint_key,
        )

    def scan(self, value: Json | Mapping[str, Json]) -> Scan:
        """Find every credential in the keys and values of a JSON value, in every encoding that is looked through."""
        leaves = gather(value, depth=MAX_DEPTH)
        text = leaves.text()
        if len(text) > MAX_BYTES + 8 * len(leaves.parts):
            return Scan(complete=False, action=self.action)
        work = _Work(purse=Purse(TRIES, SECONDS), complete=not leaves.deep)
        self._read(text, work, layer=0, owners=None)
        if len(leaves.strings) > 1:
            self._read_neighbours(value, leaves.strings, work)
        if work.named and self.matcher is not None:
            for leaf in named(value, depth=MAX_DEPTH):
                if work.purse.spend() and (confidence := judge(leaf.value, leaf.name, quoted=True)) is not None:
                    self._keep_named(leaf.part, leaf.value, confidence, work)
        if work.purse.left < 0:
            work.complete = False
        if not work.raws:
            return CLEAN[self.action] if work.complete else Scan(complete=False, action=self.action)
        return Scan(findings=self._findings(value, work), complete=work.complete, action=self.action)

    def may_be_own(self, value: Json | Mapping[str, Json]) -> bool:
        """Whether an own detector or a canary may occur in a value as it stands, or across its neighbouring texts."""
        anchors = self.own.anchors
        if anchors is None:
            return False
        leaves = gather(value, depth=MAX_DEPTH)
        texts = (leaves.text(), "".join(leaves.strings))
        return any(anchors.match(text.encode("utf-8", "surrogatepass")) for text in texts)

    def _read(self, text: str, work: _Work, *, layer: int, owners: _Owners) -> None:
        """Look at a text and at every other reading of it. `owners`: whose it is."""
        mark = hash(text)
        if mark in work.seen:
            return
        work.seen.add(mark)
        raw = text.encode("utf-8", "surrogatepass")
        if not work.admits(len(raw)):
            return
        hints = self._look(raw, work, layer=layer, owners=owners)
        if not work.purse.spend(1 + len(raw) // 2048):
            work.complete = False
            return
        if (reading := views.reread(text, work.purse)) is not None:
            if layer >= MAX_LAYERS:
                work.complete = False
            else:
                self._read(reading, work, layer=layer + 1, owners=owners)
        whole = views.joined(text, hints)
        if whole is not None:
            raw = whole[0].encode("utf-8", "surrogatepass")
            if work.admits(len(raw)):
                self._look(raw, work, layer=layer, owners=owners, cuts=whole[1])

    def _look(self, raw: bytes, work: _Work, *, layer: int, owners: _Owners, cuts: Cuts | None = None) -> set[str]:
        """Ask every detector about one text, and read what its runs decode to. Returns the hints of the anchors."""
        if cuts is not None and self.own.anchors is None and not views.meets(raw, cuts, work.purse):
            return _NOTHING.contexts
        runs = views.runs_of(raw, work.purse)
        if cuts is not None:
            runs = [run for run in runs if cuts.inside(*run)]
        asked = _NOTHING if self.matcher is None else self.matcher.ask(raw)
        for hit in self._hits(raw, asked, runs, work, cuts):
            for part, offset in _place(raw, hit.start, owners):
                work.raws.append(_Raw(hit, part, offset, raw[hit.start : hit.end]))
        if layer == 0 and "named" in asked.contexts:
            work.named = True
        paired = "paired" in asked.contexts
        if runs or paired:
            self._decode(raw, runs, work, layer=layer, place=partial(_place, raw, owners=owners), paired=paired)
        return asked.contexts

    def _decode(
        self, raw: bytes, runs: _Runs, work: _Work, *, layer: int, place: Callable[[int], _Places], paired: bool
    ) -> None:
        """Read what the runs decode to, all together as the parts of one text; `place` says whose a run is."""
        texts: list[str] = []
        inner: list[_Places] = []
        for start, said in views.decoded(raw, runs, work.purse, paired=paired):
            if said is None or layer >= MAX_LAYERS:
                work.complete = False
                continue
            texts.append(said.decode("utf-8", "replace").replace(MARK, " "))
            inner.append(place(start))
        if texts:
            self._read(SEPARATOR.join(texts), work, layer=layer + 1, owners=inner)

    def _read_neighbours(self, value: Json | Mapping[str, Json], strings: list[str], work: _Work) -> None:
        """Look at the string leaves with nothing between them: a secret may be split over several arguments."""
        text, cuts = views.put_together(strings)
        raw = text.encode("utf-8", "surrogatepass")
        if not work.admits(len(raw)):
            return
        if self.own.anchors is None and not views.meets(raw, cuts, work.purse):
            return
        runs = [run for run in views.runs_of(raw, work.purse) if cuts.inside(*run)]
        part_of: list[int] = []

        def numbers(pieces: range) -> list[int]:
            part_of[:] = part_of or leaf_numbers(value, depth=MAX_DEPTH)
            return [part_of[piece] for piece in pieces]

        asked = _NOTHING if self.matcher is None else self.matcher.ask(raw)
        if not (runs or asked.worth or asked.contexts or self.own.anchors is not None):
            return
        for hit in self._hits(raw, asked, runs, work, cuts):
            for part in numbers(cuts.pieces(hit.start, hit.end)):
                work.raws.append(_Raw(hit, part, _IN_VALUE, raw[hit.start : hit.end]))
        ends = dict(runs)

        def place(start: int) -> _Places:
            return tuple((part, _IN_VALUE) for part in numbers(cuts.pieces(start, ends.get(start, start + 1))))

        self._decode(raw, runs, work, layer=0, place=place, paired=False)

    def _hits(self, raw: bytes, asked: Worthwhile, runs: _Runs, work: _Work, cuts: Cuts | None) -> list[Match]:
        found: list[Match] = []
        if self.own.anchors is not None:
            found += islice(self.own.match(raw, work.purse, cuts=cuts), FINDINGS)
        if self.matcher is not None and (runs or asked.worth or asked.contexts):
            found += islice(self.matcher.match(raw, asked, runs, work.purse, cuts=cuts), FINDINGS)
        if self.rules is not None and cuts is None and work.purse.left >= 0:
            timeout = None if len(raw) <= UNTIMED else max(0.001, min(BROAD_SECONDS, work.purse.remaining()))
            try:
                found += islice(self.rules.match(raw, timeout=timeout), FINDINGS)
            except TimeoutError:
                work.complete = False
        if len(found) >= FINDINGS:
            work.complete = False
        return self._named_once(found) if len(found) > 1 else found

    def _named_once(self, hits: list[Match]) -> list[Match]:
        """Overlapping hits under one name each. What is only tried out, in shadow, hides nothing that is in force."""
        if not self.own.ids:
            return _absorbed(hits)
        return _absorbed([hit for hit in hits if not self._tried(hit)]) + [hit for hit in hits if self._tried(hit)]

    def _tried(self, hit: Match) -> bool:
        """Whether a hit is an own detector's in shadow. Its name says nothing of a built-in one with the same name."""
        return hit.kind == OWN and (hit.detector in self.own.shadow or hit.detector in self.shadow)

    def _dark(self, hit: Match) -> bool:
        if hit.kind in {OWN, CANARY}:
            return self._tried(hit) or hit.detector in self.shadow
        return hit.detector in self.shadow or BUILTIN in self.shadow

    def _keep_named(self, part: int, value: str, confidence: str, work: _Work) -> None:
        """A value that its key makes secret, unless a detector already knows what it is."""
        raw = value.encode("utf-8", "surrogatepass")
        if any(
            known.part == part and known.hit.specific and not self._tried(known.hit) and known.value in raw
            for known in work.raws
        ):
            return
        hit = Match(
            detector="assignment", kind="assignment", confidence=confidence, start=0, end=len(raw), specific=False
        )
        work.raws.append(_Raw(hit, part, _IN_VALUE, raw))

    def _findings(self, value: Json | Mapping[str, Json], work: _Work) -> tuple[Finding, ...]:
        where = places(value, {raw.part for raw in work.raws}, depth=MAX_DEPTH)
        in_key = {(raw.part, raw.hit.detector) for raw in work.raws if _in_key(raw, where[raw.part])}
        hidden = frozenset(str(where[part].steps[-1]) for part, _ in in_key)
        found: dict[tuple[str, str, bool], Finding] = {}
        for raw in work.raws:
            if raw.hit.detector in self.off or (BUILTIN in self.off and raw.hit.kind not in {"own", CANARY}):
                continue
            key = _in_key(raw, where[raw.part])
            path = pointer(value, where[raw.part].steps, hidden)
            found.setdefault(
                (path, raw.hit.detector, key),
                Finding(
                    detector=raw.hit.detector,
                    path=path,
                    kind=raw.hit.kind,
                    confidence=raw.hit.confidence,
                    fingerprint=hashlib.blake2b(raw.value, key=self.fingerprint_key, digest_size=16).hexdigest(),
                    in_key=key,
                    shadow=self._dark(raw.hit),
                ),
            )
        return tuple(found.values())


def _in_key(raw: _Raw, place: Place) -> bool:
    return place.key_length > 0 and raw.offset <= place.key_length


def _place(raw: bytes, at: int, owners: _Owners) -> _Places:
    """Whose the byte at an offset is, by the separators before it, and how far into its part it stands."""
    number = raw.count(b"\x1e", 0, at)
    if owners is not None:
        return owners[min(number, len(owners) - 1)]
    return ((number, at - raw.rfind(b"\x1e", 0, at) - 1),)


def _absorbed(hits: list[Match]) -> list[Match]:
    """Of hits that overlap, the one that knows most: own, then built-in; a format, then a name; the surer, the longer.

    So one credential has one name, and switching that detector off or exempting it is not undone by another.
    """
    kept: list[Match] = []
    for hit in sorted(enumerate(hits), key=_rank):
        if not any(hit[1].start < other.end and other.start < hit[1].end for other in kept):
            kept.append(hit[1])
    return kept


def _rank(numbered: tuple[int, Match]) -> tuple[int, int, int, int]:
    number, hit = numbered
    source = 0 if hit.kind in {"own", CANARY} else 2 if "." in hit.detector else 1
    return (source if hit.specific else 3, _SURE.index(hit.confidence), hit.start - hit.end, number)
