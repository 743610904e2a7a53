"""How records get into the trail: the shipped position of each segment, the outbox, and what was set aside."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class TrailHead(models.Model):
    """The last `seq` given out: one row, moved in the transaction that inserts.

    `rules_since` is the moment from which on uses of rules are counted.
    """

    id = models.BooleanField(primary_key=True)
    seq = models.BigIntegerField()
    rules_since = models.DateTimeField()

    objects: ClassVar[models.Manager[TrailHead]] = models.Manager()

    class Meta:
        managed = False
        db_table = "audit_head"


class RuleUse(models.Model):
    """When a rule last matched a recorded call, enforced or in shadow: at `last`, or within the hour after it."""

    rule = models.TextField(primary_key=True)
    last = models.DateTimeField()

    objects: ClassVar[models.Manager[RuleUse]] = models.Manager()

    class Meta:
        managed = False
        db_table = "audit_rule_use"

    def __str__(self) -> str:
        return f"{self.rule} at {self.last}"


class SegmentCursor(models.Model):
    """How far a journal segment is in the trail: `position` bytes, the last record's `n`, the last frame's `mac`."""

    segment = models.TextField(primary_key=True)
    node = models.UUIDField()
    boot = models.UUIDField()
    position = models.BigIntegerField()
    n = models.BigIntegerField()
    mac = models.BinaryField()
    updated_at = models.DateTimeField()

    objects: ClassVar[models.Manager[SegmentCursor]] = models.Manager()

    class Meta:
        managed = False
        db_table = "audit_cursor"

    def __str__(self) -> str:
        return f"{self.segment} at {self.position}"


class OutboxEntry(models.Model):
    """A record written in the transaction of the change it records, on its way into the trail."""

    position = models.BigAutoField(primary_key=True)
    id = models.UUIDField()
    leaf = models.BinaryField()
    body = models.BinaryField()
    created_at = models.DateTimeField()

    objects: ClassVar[models.Manager[OutboxEntry]] = models.Manager()

    class Meta:
        managed = False
        db_table = "audit_outbox"


class QuarantinedFrame(models.Model):
    """A frame that could not become a trail row, kept as it came, with the reason. Alarmed when it is written."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    segment = models.TextField()
    position = models.BigIntegerField()
    record = models.UUIDField(null=True)
    boot = models.UUIDField(null=True)
    n = models.BigIntegerField(null=True)
    reason = models.TextField()
    frame = models.BinaryField()

    objects: ClassVar[models.Manager[QuarantinedFrame]] = models.Manager()

    class Meta:
        managed = False
        db_table = "audit_quarantine"

    def __str__(self) -> str:
        return f"{self.segment} at {self.position}: {self.reason}"


class QuarantineReview(models.Model):
    """A person has looked at every frame in quarantine up to the id `through`, and said why it may rest."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    through = models.BigIntegerField()
    staff = models.TextField()
    reason = models.TextField()

    objects: ClassVar[models.Manager[QuarantineReview]] = models.Manager()

    class Meta:
        managed = False
        db_table = "audit_quarantine_review"
