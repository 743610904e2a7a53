"""Agent keys and revocations: what lets an agent in, and what shuts it out."""

from __future__ import annotations

from ipaddress import ip_network
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from accounts.models.authored import Versioned
from accounts.models.slug import SlugField, TierChoice


class AgentKey(Versioned):
    """An opaque key (`tg_…`) of one agent, acting as the principal it was issued for. Only a keyed digest is kept."""

    public_id = models.CharField(
        max_length=32,
        unique=True,
        editable=False,
        db_collation="C",
        validators=[RegexValidator(r"\Atg_[A-Za-z0-9]+\Z")],
        help_text="The part of the key that may be shown.",
    )
    digest = models.BinaryField(max_length=64, editable=False)
    digest_key_id = models.CharField(max_length=64, editable=False)
    name = models.CharField(max_length=200, help_text="Where the key is used, so that the right one is revoked.")
    agent = SlugField(help_text="Id of the agent that this key identifies.")
    principal = models.ForeignKey(
        "accounts.User",
        on_delete=models.CASCADE,
        related_name="agent_keys",
        help_text="For whom the agent acts with this key.",
    )
    scopes = ArrayField(
        models.CharField(max_length=16, choices=TierChoice),
        default=list,
        blank=True,
        help_text="Tiers the key is narrowed to. Empty: the principal's own.",
    )
    audiences = ArrayField(
        models.CharField(max_length=16, choices=(("api", "api"), ("hook", "hook"))),
        default=list,
        blank=True,
        help_text="Doors where the key is accepted.",
    )
    servers = ArrayField(SlugField(), default=list, blank=True, help_text="MCP servers where the key is accepted.")
    networks = ArrayField(
        models.CharField(max_length=43),
        default=list,
        blank=True,
        help_text="Networks the key may come from, as 10.0.0.0/8. Empty: any.",
    )
    expires_at = models.DateTimeField(null=True, blank=True, help_text="When the key ends (UTC).")
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_by = models.CharField(max_length=128, blank=True, default="", editable=False)
    issued_by = models.CharField(max_length=128, blank=True, default="", editable=False)

    secret_fields: ClassVar[frozenset[str]] = frozenset({"digest", "digest_key_id"})
    bookkeeping_fields: ClassVar[frozenset[str]] = Versioned.bookkeeping_fields | {"last_used_at"}

    class Meta:
        ordering = ("-created_at",)
        indexes = (models.Index(fields=["agent"], name="accounts_agentkey_agent"),)

    def __str__(self) -> str:
        return self.public_id

    @property
    def object_id(self) -> str:
        return self.public_id

    def clean(self) -> None:
        """Networks are networks."""
        super().clean()
        for network in self.networks or []:
            try:
                ip_network(network, strict=True)
            except ValueError as error:
                raise ValidationError({"networks": f"{network}: {error}"}) from error

    @classmethod
    def scope_filter(cls, *, departments: frozenset[str], servers: frozenset[str]) -> Q | None:
        reached = Q(pk__in=())
        if servers:
            reached |= Q(servers__contained_by=sorted(servers)) & Q(servers__len__gt=0) & Q(audiences=[])
        if departments:
            reached |= Q(principal__departments__contained_by=sorted(departments)) & Q(
                principal__departments__len__gt=0
            )
        return reached

    def in_scope(self, *, departments: frozenset[str], servers: frozenset[str]) -> bool:
        held = set(self.principal.departments)
        by_server = bool(self.servers) and set(self.servers) <= servers and not self.audiences
        return by_server or (bool(held) and held <= departments)


class RevocationKind(models.TextChoices):
    """What a revocation shuts out."""

    JTI = "jti", "one token"
    SESSION = "session", "a session"
    PRINCIPAL = "principal", "a principal's tokens"
    AGENT = "agent", "an agent's tokens"
    KEY = "key", "an agent key"


class Revocation(models.Model):
    """One thing that authenticates no more. Never edited: a revocation ends by expiring.

    `epoch` grows with each one and is covered by `mac` together with kind, value, times: a row that was altered or
    taken away in the database is noticed by every process.
    """

    kind = models.CharField(max_length=16, choices=RevocationKind)
    value = models.CharField(max_length=255, db_collation="C")
    issued_before = models.DateTimeField(
        null=True, blank=True, help_text="Only tokens issued before this moment are shut out. Empty: all."
    )
    expires_at = models.DateTimeField(null=True, blank=True, help_text="When nothing is left that it could shut out.")
    reason = models.CharField(max_length=500)
    revoked_by = models.CharField(max_length=128)
    created_at = models.DateTimeField()
    epoch = models.PositiveBigIntegerField(unique=True)
    key_id = models.CharField(max_length=64)
    mac = models.BinaryField(max_length=64)

    class Meta:
        ordering = ("-epoch",)
        indexes = (models.Index(fields=["kind", "value"], name="accounts_revocation_value"),)
        constraints = (
            models.CheckConstraint(condition=Q(kind__in=RevocationKind.values), name="accounts_revocation_kind"),
        )

    def __str__(self) -> str:
        return f"{self.kind}:{self.value}"
