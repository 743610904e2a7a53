"""Forms that name people: a name that the directory does not hold is refused at its field, with the nearest ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from accounts.models import User
from governance.admin.base.policy_admin import PolicyForm
from governance.models.releases.switch import SwitchScope
from governance.selectors.switch_targets import SwitchTargets


class OwnedForm(PolicyForm):
    """Of something that a principal answers for."""

    def check_object(self) -> None:
        """Whoever is named anew exists."""
        super().check_object()
        owner = self.cleaned_data.get("owner")
        if owner and "owner" in self.changed_data:
            for fault in _unknown({owner}):
                self.add_error("owner", fault)


class RuleForm(PolicyForm):
    """Of a rule, whose subjects, exceptions and approvers may be named by id."""

    def check_object(self) -> None:
        """Whoever is named anew exists; who was named before may have gone since, and does not hold up the rest."""
        super().check_object()
        for name in ("subjects", "excluded", "approval"):
            if name in self.cleaned_data and name in self.fields:
                named = set(_users(self.cleaned_data[name])) - set(_users(self.initial.get(name)))
                for fault in _unknown(named):
                    self.add_error(name, fault)


def _users(said: Any) -> Iterator[str]:
    """The ids of users in subjects, or among the approvers."""
    if isinstance(said, dict):
        yield from said.get("users") or ()
        yield from (said.get("approvers") or {}).get("users") or ()


def _unknown(names: set[str]) -> Iterator[str]:
    known = set(User.objects.filter(username__in=names).values_list("username", flat=True)) if names else set()
    for name in sorted(names - known):
        nearest = ", ".join(SwitchTargets().nearest(SwitchScope.PRINCIPAL, name))
        yield f"There is no principal {name}; nearest: {nearest}." if nearest else f"There is no principal {name}."
