"""Rules: subjects × entities → allow, deny or ask."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db import models
from django.db.models import F, Q

from accounts.models.authored import Authored
from governance.models.entities.server import empty
from governance.models.field import Mode, StringSet

GLOB = frozenset("*?")


class Effect(models.TextChoices):
    """What a rule does to a call that it matches."""

    ALLOW = "allow", "allow"
    DENY = "deny", "deny"
    ASK = "ask", "ask"


def servers_of(patterns: list[str]) -> list[str]:
    """The servers that entity patterns are confined to; empty when any of them reaches further."""
    found = set()
    for pattern in patterns:
        kind, colon, rest = pattern.partition(":")
        server = rest.partition("/")[0]
        if not colon or kind not in ("server", "tool") or not server or GLOB & set(server):
            return []
        found.add(server)
    return sorted(found)


class ConfinedServers(StringSet):
    """Kept by itself from `entities`, so that a staff grant for a server is a filter and not a loop."""

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        """Derive the set whenever the row is written, in bulk too."""
        value = servers_of(list(getattr(model_instance, "entities", [])))
        setattr(model_instance, self.attname, value)
        return value


class Rule(Authored):
    """One rule. Deny overrides ask overrides allow, whatever the order; exceptions to a deny are written on it."""

    description = models.TextField(blank=True, default="")
    effect = models.CharField(max_length=8, choices=Effect)
    subjects = models.JSONField(
        default=empty, help_text="Whose calls. Within a kind any one suffices, across kinds all must hold."
    )
    excluded = models.JSONField("except", blank=True, default=empty, help_text="Whose calls not; read as subjects are.")
    entities = StringSet(blank=False, help_text="`kind:name` or a glob, one a line; `server:files` covers its tools.")
    when = models.TextField(
        "condition",
        blank=True,
        default="",
        help_text="CEL over args, principal, agent, entity, call, now. Empty: always.",
    )
    parameters = models.JSONField(
        blank=True, default=empty, help_text="Arguments that the call may, or may not, carry."
    )
    mode = models.CharField(
        max_length=8,
        choices=Mode,
        default=Mode.ENFORCE,
        help_text="In shadow it is evaluated and recorded, not enforced.",
    )
    valid_from = models.DateTimeField(null=True, blank=True, help_text="Not in force before (UTC).")
    valid_until = models.DateTimeField(null=True, blank=True, help_text="Not in force from then on (UTC).")
    approval = models.JSONField(blank=True, default=empty, help_text="For ask: who approves, and how.")
    skip_client_prompt = models.BooleanField(
        default=False, help_text="For allow: clients need not ask their own person too."
    )
    justification = models.TextField(
        blank=True, default="", help_text="Why. Needed for deny, for ask, and at confidential or above."
    )
    confined_to = ConfinedServers(editable=False)

    bookkeeping_fields = Authored.bookkeeping_fields | {"confined_to"}

    class Meta:
        ordering = ("slug",)
        constraints = (
            models.CheckConstraint(condition=Q(effect__in=Effect.values), name="governance_rule_effect"),
            models.CheckConstraint(
                condition=Q(valid_from__isnull=True) | Q(valid_until__isnull=True) | Q(valid_from__lt=F("valid_until")),
                name="governance_rule_window",
                violation_error_message="The rule would end before it begins.",
            ),
            models.CheckConstraint(
                condition=Q(effect=Effect.ALLOW) | ~Q(justification=""),
                name="governance_rule_justified",
                violation_error_message="A deny or an ask says why: write a justification.",
            ),
        )

    def validate_constraints(self, exclude: Collection[str] | None = None) -> None:
        """Told by the policy's checks, at its field; the database refuses whatever came past them."""

    @classmethod
    def scope_filter(cls, *, departments: frozenset[str], servers: frozenset[str]) -> Q | None:
        reached = Q(pk__in=())
        if servers:
            reached |= Q(confined_to__contained_by=sorted(servers)) & Q(confined_to__len__gt=0)
        if departments:
            reached |= Q(subjects__departments__contained_by=sorted(departments)) & Q(subjects__has_key="departments")
        return reached

    def in_scope(self, *, departments: frozenset[str], servers: frozenset[str]) -> bool:
        confined, held = servers_of(list(self.entities)), set(self.subjects.get("departments") or ())
        return (bool(confined) and set(confined) <= servers) or (bool(held) and held <= departments)
