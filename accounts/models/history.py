"""Which records of the trail are about which object, so that its history is a lookup and not a search."""

from __future__ import annotations

from django.db import models


class ChangeRef(models.Model):
    """One record about one object, by its ids alone: the record itself is in the trail (or on its way there).

    Written in the transaction of the change. It is an index and proves nothing; the trail does.
    """

    model = models.CharField(max_length=100, db_collation="C")
    object_id = models.CharField(max_length=500, db_collation="C")
    record_id = models.UUIDField()

    class Meta:
        ordering = ("-record_id",)
        indexes = (models.Index(fields=["model", "object_id", "-record_id"], name="accounts_changeref_object"),)

    def __str__(self) -> str:
        return f"{self.model} {self.object_id}: {self.record_id}"
