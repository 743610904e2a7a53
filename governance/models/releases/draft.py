"""The draft: how often it changed, what it began from, and what people say about it."""

from __future__ import annotations

from django.db import models

from governance.models.singleton import Singleton


class DraftState(Singleton):
    """One row, locked by every change of the draft: revisions are handed out in the order of commits.

    `changed_revision` grows with every change; `digest` is that of the document at `digest_revision`, when somebody
    worked it out; `based_on` is the release that the draft began from.
    """

    changed_revision = models.PositiveBigIntegerField(default=0)
    changed_at = models.DateTimeField(null=True, blank=True)
    changed_by = models.CharField(max_length=128, blank=True, default="")
    digest = models.CharField(max_length=64, blank=True, default="")
    digest_revision = models.PositiveBigIntegerField(default=0)
    based_on = models.PositiveBigIntegerField(null=True, blank=True)

    class Meta(Singleton.Meta):
        verbose_name = verbose_name_plural = "draft"
        default_permissions = ("view",)

    @property
    def object_id(self) -> str:
        return "draft"


class DraftComment(models.Model):
    """What somebody says about the draft or one object of it."""

    draft_revision = models.PositiveBigIntegerField()
    object_type = models.CharField(max_length=64, blank=True, default="")
    object_id = models.CharField(max_length=500, blank=True, default="")
    author = models.CharField(max_length=128)
    text = models.TextField(max_length=4_000)
    created_at = models.DateTimeField(auto_now_add=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.CharField(max_length=128, blank=True, default="")

    class Meta:
        ordering = ("created_at",)

    def __str__(self) -> str:
        return f"{self.author} on revision {self.draft_revision}"
