"""A value that must not be printed."""

from __future__ import annotations

import hmac
from typing import NoReturn

_MASK = "[secret]"


class Secret:
    """Holds text that shows as `[secret]` in repr, str, format, logs and tracebacks.

    It can be neither pickled, copied nor serialised. `reveal(purpose)` is the only way out; its caller records the use.
    """

    __slots__ = ("__value",)

    def __init__(self, value: str) -> None:
        self.__value = value

    def reveal(self, purpose: str) -> str:
        """The value, for one named purpose (never empty, so that every use can say why)."""
        if not purpose.strip():
            raise ValueError("revealing a secret needs a purpose")
        return self.__value

    def __repr__(self) -> str:
        return _MASK

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(_MASK, spec)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self.__value.encode("utf-8"), other.__value.encode("utf-8"))

    __hash__ = None  # type: ignore[assignment]  # a hash of a secret would be an oracle

    def __bool__(self) -> bool:
        return bool(self.__value)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is neither copied nor pickled")

    def __copy__(self) -> NoReturn:
        raise TypeError("a secret is neither copied nor pickled")

    def __deepcopy__(self, memo: object) -> NoReturn:
        raise TypeError("a secret is neither copied nor pickled")
