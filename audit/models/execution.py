"""Executions: a view over the two records each of them leaves."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from audit.models.trail import ReadOnly


class Execution(ReadOnly):
    """What happened after an allow. `input` and `output` are what was captured, sealed payloads included, as JSON."""

    execution_id = models.TextField(primary_key=True)
    tool_name = models.TextField(null=True)
    server_name = models.TextField(null=True)
    started_at = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(null=True)
    execution_time_ms = models.DecimalField(null=True, max_digits=20, decimal_places=3)
    input = models.JSONField(null=True)
    output = models.JSONField(null=True)
    output_schema = models.TextField(null=True)
    status = models.TextField()
    error_message = models.TextField(null=True)
    user_id = models.TextField(null=True)
    session_id = models.TextField(null=True)
    context_id = models.TextField(null=True)
    task_id = models.TextField(null=True)
    trace_id = models.TextField(null=True)
    request_method = models.TextField(null=True)
    request_source = models.TextField(null=True)
    call_id = models.TextField(null=True)
    decision_id = models.TextField(null=True)

    objects: ClassVar[models.Manager[Execution]] = models.Manager()

    class Meta(ReadOnly.Meta):
        abstract = False
        managed = False
        db_table = "audit_execution"

    def __str__(self) -> str:
        return f"{self.server_name}/{self.tool_name} {self.status}"
