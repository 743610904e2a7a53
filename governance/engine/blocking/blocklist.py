"""The compiled blocklist, and matching a call against it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Self

from governance.engine.blocking.entry import UNREADABLE, BlocklistError, Entry, EntryProblem, Hit
from governance.engine.blocking.entry_reading import pattern_problem, read_entry
from governance.engine.blocking.expressions import ArgumentMatcher
from governance.engine.blocking.inspection import Inspection, Rules
from governance.engine.blocking.leaves import JsonNode, Leaf, LeafRole, leaves, tool_shape
from governance.engine.blocking.matchers import EntityMatcher, HostMatcher, PathMatcher, alternatives
from governance.engine.blocking.packs import ALL_PACKS, PACKS
from governance.engine.blocking.patterns import CommandPattern, StatementPattern
from governance.engine.blocking.prefilter import is_suspect
from governance.engine.normalise.shell.budget import TooComplexError

_ALWAYS = frozenset({LeafRole.COMMAND, LeafRole.SQL, LeafRole.CODE, LeafRole.HOST})
_PROSE = LeafRole.PROSE
_CHUNK = 32
_FEW = 8
_ROOT = JsonNode(None, "")


@lru_cache(maxsize=1)
def shipped_entries() -> tuple[Entry, ...]:
    """Every entry of every shipped pack, sorted by id."""
    return tuple(sorted((entry for pack in PACKS.values() for entry in pack), key=lambda entry: entry.id))


class Blocklist:
    """Everything that is denied to everybody, compiled once a release and never changed."""

    __slots__ = ("_arguments", "_entities", "_entries", "_needs_all", "_rules", "_watches_prose")

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._entries = {entry.id: entry for entry in entries}
        own = [entry for entry in self._entries.values() if entry.pack is None]
        self._entities = EntityMatcher(self._of("entity"))
        self._arguments = ArgumentMatcher(
            [(entry.id, entry.pattern, entry.pointer) for entry in self._entries.values() if entry.kind == "argument"]
        )
        self._rules = Rules(
            hosts=HostMatcher(self._of("host", "network")),
            own_hosts=HostMatcher(
                [
                    (entry.id, pattern)
                    for entry in own
                    if entry.kind in {"host", "network"}
                    for pattern in alternatives(entry.pattern)
                ]
            ),
            paths=PathMatcher(self._of("path")),
            commands=tuple((entry.id, CommandPattern(entry.pattern)) for entry in own if entry.kind == "command"),
            statements=tuple((entry.id, StatementPattern(entry.pattern)) for entry in own if entry.kind == "sql"),
            checks=frozenset(entry.id for entry in self._entries.values() if entry.pattern.startswith("@")),
        )
        self._needs_all = any(entry.kind not in {"entity", "argument"} for entry in own)
        self._watches_prose = bool(self._rules.own_hosts)

    def _of(self, *kinds: str) -> list[tuple[str, str]]:
        return [
            (entry.id, pattern)
            for entry in self._entries.values()
            if entry.kind in kinds
            for pattern in alternatives(entry.pattern)
        ]

    @classmethod
    def compile(
        cls,
        *,
        packs: Iterable[str] = (ALL_PACKS,),
        entries: Iterable[Mapping[str, Any]] = (),
        off: Iterable[str] = (),
        shadow: Iterable[str] = (),
    ) -> Self:
        """Compile the policy file's `blocklist`: packs by id or `builtin`, own entries, and ids of entries or packs
        that are off or only report.

        BlocklistError names everything that cannot be used. Examples are not run here but at save (`entry_problems`).
        """
        dark, hidden, wanted = set(shadow), set(off), set(packs)
        problems = [
            EntryProblem(entry=name, message="no such pack") for name in sorted(wanted - set(PACKS) - {ALL_PACKS})
        ]
        chosen: dict[str, Entry] = {}
        for pack, shipped in PACKS.items():
            if (pack in wanted or ALL_PACKS in wanted) and not hidden & {pack, ALL_PACKS}:
                chosen |= {entry.id: entry for entry in shipped if entry.id not in hidden}
        shipped_ids = {entry.id for entry in shipped_entries()}
        names: set[str] = set()
        for raw in entries:
            try:
                entry = read_entry(raw)
            except BlocklistError as error:
                problems += error.problems
                continue
            if entry.id in names or entry.id in shipped_ids or entry.id == UNREADABLE:
                problems.append(EntryProblem(entry=entry.id, message="id is taken"))
            names.add(entry.id)
            problem = pattern_problem(entry)
            if problem is not None:
                problems.append(EntryProblem(entry=entry.id, message=problem))
            elif entry.id not in hidden:
                chosen[entry.id] = entry
        unknown = (dark | hidden) - shipped_ids - names - set(PACKS) - {ALL_PACKS}
        problems += [EntryProblem(entry=name, message="no such entry or pack") for name in sorted(unknown)]
        if problems:
            raise BlocklistError(tuple(problems))
        return cls(_shadowed(entry, dark) for entry in chosen.values())

    def entry(self, name: str) -> Entry | None:
        """The entry of a hit; None for `unreadable`, which has none."""
        return self._entries.get(name)

    def match(self, kind: str, entity: str, arguments: Mapping[str, Any]) -> tuple[Hit, ...]:
        """Every entry that the call matches, each once, with the first pointer at which it does; enforced ones first.

        `kind` and `entity` name what is called (`tool`, `server/tool`). Never raises on arguments, whatever they hold:
        what cannot be read where a command was meant, or costs too much, is a hit of `unreadable`.
        """
        hits: dict[str, Hit] = {}

        def report(name: str, node: JsonNode) -> None:
            if name not in hits:
                entry = self._entries[name]
                hits[name] = Hit(
                    entry=name,
                    kind=entry.kind,
                    path=node.pointer() if node is not _ROOT else "",
                    shadow=entry.mode == "shadow",
                )

        def unreadable(node: JsonNode) -> None:
            hits.setdefault(
                UNREADABLE,
                Hit(entry=UNREADABLE, kind=UNREADABLE, path=node.pointer() if node is not _ROOT else "", shadow=False),
            )

        for name in self._entities.match(kind, entity):
            report(name, _ROOT)
        try:
            if suspects := self._suspects(entity, arguments):
                self._inspect(suspects, Inspection(rules=self._rules, report=report, unreadable=unreadable))
            if self._arguments:
                self._arguments.match(arguments, report)
        except (TooComplexError, RecursionError, ValueError, IndexError, OverflowError, UnicodeError):
            unreadable(_ROOT)
        return tuple(sorted(hits.values(), key=lambda hit: (hit.shadow, hit.path, hit.entry))) if hits else ()

    def _suspects(self, entity: str, arguments: Mapping[str, Any]) -> list[Leaf]:
        """The leaves to look at; none where all of them together are plain data."""
        found = leaves(arguments, tool_shape(entity))
        closely, prose = self._needs_all, self._watches_prose
        looked: list[Leaf] = []
        texts: list[str] = []
        for leaf in found:
            _, role, text = leaf
            if role is _PROSE and not prose and "//" not in text[:64]:
                continue
            looked.append(leaf)
            texts.append(text)
            if role in _ALWAYS:
                closely = True
        return looked if looked and (closely or is_suspect("\n".join(texts))) else []

    def _inspect(self, looked: list[Leaf], inspection: Inspection) -> None:
        for start in range(0, len(looked), _CHUNK):
            chunk = looked[start : start + _CHUNK]
            if len(looked) > _CHUNK and not self._watched(chunk):
                continue
            for leaf in chunk:
                if not (len(looked) > _FEW and not self._watched([leaf])) and not inspection.leaf(leaf):
                    return

    def _watched(self, some: list[Leaf]) -> bool:
        """Whether any of the leaves needs a closer look."""
        return (
            self._needs_all
            or any(leaf[1] in _ALWAYS for leaf in some)
            or is_suspect("\n".join([leaf[2] for leaf in some]))
        )


def _shadowed(entry: Entry, dark: set[str]) -> Entry:
    if entry.mode == "shadow" or not dark & {entry.id, entry.pack or "", ALL_PACKS if entry.pack else ""}:
        return entry
    return Entry(
        id=entry.id,
        kind=entry.kind,
        pattern=entry.pattern,
        pack=entry.pack,
        description=entry.description,
        mode="shadow",
        pointer=entry.pointer,
        match=entry.match,
        unmatched=entry.unmatched,
    )
