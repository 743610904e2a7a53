"""Who makes a change: a person in the console or on the API, or a command that an operating-system user ran."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import User
from accounts.services.errors import NotPermitted
from audit.records.who import Who


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A person, or one of our own components acting for the operating-system user `staff`.

    A component may do everything: who can run our commands holds the database and the keys anyhow, and is recorded.
    """

    name: str
    user: User | None = None
    staff: str | None = None
    session: str | None = None

    @classmethod
    def person(cls, user: User, *, session: str | None = None) -> Actor:
        """Somebody signed in."""
        return cls(name=user.username, user=user, session=session)

    @classmethod
    def command(cls, command: str, *, staff: str) -> Actor:
        """A management command, with the operating-system user who ran it."""
        return cls(name=f"command:{command}", staff=staff)

    @classmethod
    def component(cls, name: str) -> Actor:
        """One of our own processes: `beat`, `worker`, `setup`."""
        return cls(name=name)

    @property
    def who(self) -> Who:
        """The same, as records hold it."""
        if self.user is None:
            return Who.component(self.name, staff=self.staff)
        user, owner = self.user, self.user.owner
        return Who.principal(
            user.username,
            kind=str(user.kind),
            owner=owner.username if owner else None,
            departments=frozenset(user.departments),
            session=self.session,
            names={**user.record_names, **({"owner": owner.name} if owner and owner.name else {})},
        )

    def may(self, perm: str, obj: object | None = None) -> bool:
        """Whether this actor holds a permission (`app.action_model`), for this object when one is given."""
        return self.user is None or self.user.has_perm(perm, obj)

    def require(self, perm: str, obj: object | None = None) -> None:
        """Raise NotPermitted unless this actor holds a permission."""
        if not self.may(perm, obj):
            raise NotPermitted(actor=self.name, perm=perm, object=str(obj) if obj is not None else "")
