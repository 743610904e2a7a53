from __future__ import annotations

import pytest
from django.conf import settings

from config.beat import QUEUES, ROUTES, SCHEDULE
from config.celery import app


@pytest.mark.parametrize("name", sorted(SCHEDULE))
def test_what_beat_sends_is_a_task_that_exists_on_a_queue_that_is_read(name: str) -> None:
    app.loader.import_default_modules()
    entry = SCHEDULE[name]
    assert entry["task"] in app.tasks
    assert entry["options"]["queue"] in QUEUES
    assert entry["options"]["expires"] <= entry["schedule"]


def test_every_route_leads_to_a_queue_that_is_read() -> None:
    assert {route["queue"] for route in ROUTES.values()} <= set(QUEUES)


def test_celery_takes_and_sends_json_only_and_keeps_no_results() -> None:
    assert app.conf.accept_content == ["json"]
    assert app.conf.task_serializer == app.conf.result_serializer == "json"
    assert app.conf.task_ignore_result
    assert app.conf.result_backend is None
    assert settings.CELERY_WORKER_ENABLE_REMOTE_CONTROL is bool(settings.TOOLGATE_REDIS_URL)
