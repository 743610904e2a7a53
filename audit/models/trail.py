"""The trail: exact record bytes, and columns beside them that are an index and no more."""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn

import orjson
from django.db import models


class ReadOnlyError(Exception):
    """Nobody edits or deletes audit rows."""


class ReadOnly(models.Model):
    """A row that the database refuses to change; saying so here gives the clearer error."""

    class Meta:
        abstract = True
        managed = False

    def save(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise ReadOnlyError("audit rows are written by ingest only")

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise ReadOnlyError("audit rows are never deleted; retention drops whole partitions")


class TrailRecord(ReadOnly):
    """One record. `id` (UUIDv7) is the key; `seq` is the order of commit; `leaf` is SHA-256(0x00 ‖ body)."""

    seq = models.BigIntegerField()
    id = models.UUIDField(primary_key=True)
    at = models.DateTimeField()
    kind = models.TextField()
    level = models.TextField()
    retention = models.TextField(db_column="class")
    source = models.TextField()
    node = models.UUIDField()
    boot = models.UUIDField(null=True)
    n = models.BigIntegerField(null=True)
    actor = models.TextField()
    principal = models.TextField(null=True)
    owner = models.TextField(null=True)
    agent = models.TextField(null=True)
    session = models.TextField(null=True)
    department = models.TextField(null=True)
    iss = models.TextField(null=True)
    jti = models.TextField(null=True)
    kid = models.TextField(null=True)
    token = models.TextField(null=True)
    trace = models.TextField(null=True)
    context = models.TextField(null=True)
    task = models.TextField(null=True)
    client = models.TextField(null=True)
    client_session = models.TextField(null=True)
    entity_kind = models.TextField(null=True)
    server = models.TextField(null=True)
    tool = models.TextField(null=True)
    effect = models.TextField(null=True)
    status = models.TextField(null=True)
    code = models.TextField(null=True)
    layer = models.TextField(null=True)
    rule = models.TextField(null=True)
    release = models.BigIntegerField(null=True)
    decision = models.TextField(null=True)
    execution = models.TextField(null=True)
    call_id = models.TextField(null=True)
    leaf = models.BinaryField()
    body = models.BinaryField()

    objects: ClassVar[models.Manager[TrailRecord]] = models.Manager()
    payloads_shown = False
    """Whether the page that shows this row may show what was captured, as sealed, and lead to its opening."""
    openings_shown = False
    """Whether that page may show who opened it."""

    class Meta(ReadOnly.Meta):
        abstract = False
        managed = False
        db_table = "audit_trail"
        verbose_name = "record"
        verbose_name_plural = "trail"

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"

    def content(self) -> dict[str, Any]:
        """The record as it was written, to be shown; what it says is read by the reader of its kind (audit.records)."""
        content: dict[str, Any] = orjson.loads(bytes(self.body))
        return content
