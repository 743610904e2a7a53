"""Why a change was not made; doors translate these once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class ServiceError(Exception):
    """A change that was not made."""


class NotPermitted(ServiceError):
    """The actor holds no staff grant that reaches this."""

    def __init__(self, *, actor: str, perm: str, object: str = "") -> None:
        self.actor, self.perm, self.object = actor, perm, object
        super().__init__(f"{actor} may not {perm}{f' on {object}' if object else ''}")


class Conflict(ServiceError):
    """Somebody else changed the object meanwhile. `theirs` is how it stands (None: it is gone), `yours` what was sent.

    `fields` names what differs between the two, in the policy's words.
    """

    def __init__(
        self,
        *,
        model: str,
        object: str,
        expected: int | None,
        current: int | None,
        by: str,
        yours: Mapping[str, Any],
        theirs: Mapping[str, Any] | None,
    ) -> None:
        self.model, self.object, self.expected, self.current, self.by = model, object, expected, current, by
        self.yours, self.theirs = yours, theirs
        other = theirs or {}
        self.fields = tuple(key for key in {**yours, **other} if yours.get(key) != other.get(key))
        what = f"was changed by {by or 'somebody'} since you opened it" if theirs is not None else "is gone"
        super().__init__(f"{model} {object} {what}")
