"""One JSON object of a record, read strictly: each field of its type, and none left over that nobody knows."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeVar

from audit.records.canonical import RecordInvalid, read_map

_E = TypeVar("_E", bound=StrEnum)
_ABSENT: Any = object()


class Fields:
    """An object whose fields are taken out one by one; whoever took all it knows says so with `end()`.

    Every method raises RecordInvalid with the field's path. `perhaps_` gives None for what is not there.
    """

    __slots__ = ("_left", "_path")

    def __init__(self, value: object, path: str = "") -> None:
        """`value` is emptied while it is read."""
        if not isinstance(value, dict):
            raise RecordInvalid(path, "is no object")
        self._left: dict[str, Any] = value
        self._path = path

    def __contains__(self, name: str) -> bool:
        return name in self._left

    def invalid(self, name: str, problem: str) -> RecordInvalid:
        """The error for a field, to be raised."""
        return RecordInvalid(f"{self._path}/{name}", problem)

    def perhaps_text(self, name: str) -> str | None:
        """A string."""
        value = self._left.pop(name, _ABSENT)
        if type(value) is str:
            return value
        if value is not _ABSENT:
            raise self.invalid(name, "is no string")
        return None

    def text(self, name: str) -> str:
        """A string that must be there."""
        value = self._left.pop(name, None)
        if type(value) is not str:
            raise self.invalid(name, "is missing" if value is None else "is no string")
        return value

    def perhaps_whole(self, name: str) -> int | None:
        """An integer."""
        value = self._left.pop(name, _ABSENT)
        if type(value) is int:
            return value
        if value is not _ABSENT:
            raise self.invalid(name, "is no integer")
        return None

    def whole(self, name: str) -> int:
        """An integer that must be there."""
        value = self._left.pop(name, None)
        if type(value) is not int:
            raise self.invalid(name, "is missing" if value is None else "is no integer")
        return value

    def flag(self, name: str) -> bool:
        """True or false, one of which must be there."""
        value = self._left.pop(name, None)
        if type(value) is not bool:
            raise self.invalid(name, "is neither true nor false")
        return value

    def mark(self, name: str) -> bool:
        """Whether there is `true`; false is written by leaving it out."""
        return name in self._left and self.flag(name)

    def choice(self, name: str, among: type[_E]) -> _E:
        """A member of an enumeration, by its value."""
        text = self.text(name)
        found = among._value2member_map_.get(text)  # a call of the class takes three times as long
        if not isinstance(found, among):
            raise self.invalid(name, f"{text!r} is none of {', '.join(among)}")
        return found

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of strings; none where it is not there."""
        if name not in self._left:
            return ()
        value = self._left.pop(name)
        if not isinstance(value, list) or not all(type(item) is str for item in value):
            raise self.invalid(name, "is no list of strings")
        return tuple(value)

    def names(self, name: str) -> Mapping[str, str]:
        """An object that holds strings; empty where it is not there."""
        value = self._left.pop(name, {})
        if not isinstance(value, dict) or not all(type(item) is str for item in value.values()):
            raise self.invalid(name, "is no object of strings")
        return value

    def map(self, name: str) -> Any:
        """An untrusted map or list that `map_text` wrote as one string; `{}` for null, which an empty one became."""
        if name not in self._left:
            return None
        if self._left[name] is None:
            self._left.pop(name)
            return {}
        text = self.text(name)
        try:
            return read_map(text)
        except ValueError:
            raise self.invalid(name, "holds no JSON") from None

    def perhaps_fields(self, name: str) -> Fields | None:
        """An object to be read in turn, and to its end."""
        return Fields(self._left.pop(name), f"{self._path}/{name}") if name in self._left else None

    def fields(self, name: str) -> Fields:
        """An object that must be there."""
        return Fields(self._left.pop(name, None), f"{self._path}/{name}")

    def each(self, name: str) -> list[Fields]:
        """A list of objects; none where it is not there."""
        value = self._left.pop(name, [])
        if not isinstance(value, list):
            raise self.invalid(name, "is no list")
        return [Fields(item, f"{self._path}/{name}/{index}") for index, item in enumerate(value)]

    def end(self) -> None:
        """Raise RecordInvalid for what nobody took."""
        if self._left:
            raise self.invalid(min(self._left), "is not known")
