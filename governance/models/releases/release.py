"""Releases, and proposals for them: what processes load, and what waits for a second person."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class ReleaseKind(models.TextChoices):
    """How a release came about."""

    PUBLISH = "publish", "published"
    ROLLBACK = "rollback", "rolled back"
    EMERGENCY = "emergency", "emergency tightening"


class Release(models.Model):
    """An immutable, numbered, hashed and signed compilation of the policy. A database trigger refuses changes.

    `document` is the canonical JSON; `signature` covers number, digest and the release before it, with a key that is
    not in the database.
    """

    number = models.PositiveBigIntegerField(unique=True)
    kind = models.CharField(max_length=16, choices=ReleaseKind, default=ReleaseKind.PUBLISH)
    document = models.BinaryField()
    digest = models.CharField(max_length=64)
    signature = models.BinaryField(max_length=512)
    key_id = models.CharField(max_length=64)
    author = models.CharField(max_length=128, help_text="Who published it, by name.")
    approver = models.CharField(
        max_length=128, blank=True, default="", help_text="The second person, where one was needed."
    )
    message = models.TextField(help_text="What changes, in the author's words.")
    override_reason = models.TextField(blank=True, default="", help_text="Why it was published with a failing test.")
    based_on = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="Number of the release the draft began from."
    )
    rollback_of = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="Number of the release whose document this is."
    )
    rule_count = models.PositiveIntegerField(default=0)
    draft_revision = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("-number",)
        default_permissions = ("view",)
        permissions = (
            ("propose_release", "Can propose a release"),
            ("publish_release", "Can publish a release"),
            ("approve_release", "Can approve a proposed release"),
            ("rollback_release", "Can roll back to an earlier release"),
            ("tighten_release", "Can publish an emergency tightening"),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(based_on__isnull=True) | Q(based_on__lt=F("number")), name="governance_release_based_on"
            ),
            models.CheckConstraint(
                condition=Q(rollback_of__isnull=True) | Q(rollback_of__lt=F("number")),
                name="governance_release_rollback_of",
            ),
        )

    def __str__(self) -> str:
        return f"release {self.number}"

    @property
    def object_id(self) -> str:
        """Its number."""
        return str(self.number)


class ProposalStatus(models.TextChoices):
    """Where a proposal stands. `approved` and `queued` wait for the worker until they name a release."""

    OPEN = "open", "open"
    QUEUED = "queued", "queued"
    PUBLISHED = "published", "published"
    APPROVED = "approved", "approved"
    FAILED = "failed", "failed"
    REFUSED = "refused", "refused"
    WITHDRAWN = "withdrawn", "withdrawn"
    OVERTAKEN = "overtaken", "overtaken by another release"


class ReleaseProposal(models.Model):
    """A document that somebody wants in force: the worker's job, once a second person agreed where one is needed.

    `mac` covers all that decides what is released, so that the worker signs nothing that was slipped into the table.
    """

    kind = models.CharField(max_length=16, choices=ReleaseKind, default=ReleaseKind.PUBLISH)
    document = models.BinaryField()
    digest = models.CharField(max_length=64)
    message = models.TextField()
    override_reason = models.TextField(blank=True, default="")
    reasons = models.JSONField(default=list, help_text="Why a second person is needed, one sentence each.")
    author = models.CharField(max_length=128)
    based_on = models.PositiveBigIntegerField(null=True, blank=True)
    rollback_of = models.PositiveBigIntegerField(null=True, blank=True)
    draft_revision = models.PositiveBigIntegerField(default=0)
    status = models.CharField(max_length=16, choices=ProposalStatus, default=ProposalStatus.OPEN)
    decided_by = models.CharField(max_length=128, blank=True, default="")
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_reason = models.TextField(blank=True, default="")
    summary = models.JSONField(default=dict, help_text="What changes, counted; and the tests that fail.")
    mac = models.CharField(max_length=128, blank=True, default="", editable=False)
    release = models.ForeignKey(Release, on_delete=models.PROTECT, null=True, blank=True, related_name="proposals")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("-created_at",)
        default_permissions = ("view",)
        constraints = (
            models.CheckConstraint(
                condition=~Q(status="approved") | (~Q(decided_by="") & ~Q(decided_by=F("author"))),
                name="governance_releaseproposal_second_person",
                violation_error_message="Nobody approves what they proposed.",
            ),
        )

    def __str__(self) -> str:
        return f"proposal {self.pk} by {self.author}"

    @property
    def object_id(self) -> str:
        """Its number."""
        return str(self.pk)
