"""The building blocks that the policy schema is written with: data, read by the reader, the writer and the generator.

A shape says what a value may be. It holds no behaviour beyond its own description, so that one table serves
validation, normalisation, the canonical form and the JSON Schema alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from governance.engine.call import Json
from governance.engine.normalise.names import SLUG


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A string. `pattern` must match the whole of it; `check` names a further test (see `checks.strings.CHECKS`).

    `lines` allows line feeds and tabs. `what` is how an error names it.
    """

    what: str = "text"
    pattern: str | None = None
    min_length: int = 0
    max_length: int = 500
    lines: bool = False
    check: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of a few words, in the order in which people should see them."""

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """true or false, nothing else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number between `minimum` and `maximum`, both included; `whole` refuses fractions."""

    minimum: float
    maximum: float
    whole: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """An RFC 3339 timestamp with an offset and whole seconds; canonical in UTC, `YYYY-MM-DDTHH:MM:SSZ`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """The id of something in the table `to`; `must_exist` is false where the policy need not hold it."""

    to: str
    must_exist: bool = True
    pattern: str = SLUG


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """An entity pattern: `kind:pattern` or a pattern for every kind. Exact ones must exist if `must_exist`.

    `across` false refuses `**`.
    """

    must_exist: bool = True
    across: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Free:
    """Any JSON; `mapping` allows objects only."""

    mapping: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Many:
    """A list. A `unique` one is a set: sorted and without repeats in canonical form. `empty` allows `[]`.

    `key` names the fields that a list of records is sorted by; the first of them is its id, and `distinct` says
    whether two may share it.
    """

    of: Shape
    unique: bool = True
    empty: bool = True
    key: tuple[str, ...] = ()
    distinct: bool = True
    max_items: int = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A mapping from id to `of`, sorted by id in canonical form. `ids` must match the whole key.

    `known` are its usual keys (rate classes) with a default each, None for none; a key whose value equals its default
    is left out.
    """

    of: Shape
    ids: str = SLUG
    what: str = "id"
    known: Mapping[str, Json] = field(default_factory=dict)

    @property
    def shipped(self) -> dict[str, Json]:
        """The keys that have a default of their own."""
        return {key: default for key, default in self.known.items() if default is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Either:
    """A string of shape `text`, or a record."""

    text: Text
    record: Struct


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One key of a record. A `default` of None means that the key is simply not set.

    `doc` is one sentence about it. `not_yet` says of a key that is kept and that nothing enforces what it waits for; it
    holds for everything under the key.
    """

    shape: Shape
    default: Json = None
    required: bool = False
    doc: str = ""
    not_yet: str = ""

    @property
    def told(self) -> str:
        """What people are told about the key."""
        return f"{self.doc} {self.not_yet}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Struct:
    """A mapping with fixed keys, in the order in which the canonical form writes them."""

    fields: Mapping[str, Field]
    what: str = "object"


Shape: TypeAlias = (
    "Text | Choice | Flag | Number | Moment | Reference | Selector | Free | Many | Table | Either | Struct"
)
