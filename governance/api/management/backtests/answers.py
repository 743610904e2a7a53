"""A backtest as the API tells it: counts, ids and shapes, never captured values."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from governance.api.management.door.serializers import RowAnswer
from governance.models import BacktestRun


class BacktestAnswer(RowAnswer[BacktestRun]):
    """How far a backtest is."""

    class Meta:
        model = BacktestRun
        fields: tuple[str, ...] = (
            "id", "status", "days", "until", "author", "draft_revision", "digest", "done", "total", "problem",
            "created_at", "finished_at",
        )  # fmt: skip


class BacktestResultAnswer(BacktestAnswer):
    """The same, and what came of it."""

    result = serializers.SerializerMethodField()

    class Meta(BacktestAnswer.Meta):
        fields = (*BacktestAnswer.Meta.fields, "result")

    def get_result(self, run: BacktestRun) -> dict[str, Any] | None:
        """Null until there is one."""
        return run.result or None
