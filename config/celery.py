"""The Celery application: JSON only, no results, late acknowledgement; no message is the only copy of anything."""

from __future__ import annotations

import os
import warnings
from typing import Any

from celery import Celery
from celery.exceptions import SecurityWarning
from celery.signals import beat_init, setup_logging, worker_init, worker_shutdown

import config.machine.broker  # noqa: F401 -- registers the file broker's scheme

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

# It warns of root because a pickled message would run as root; only JSON is accepted here.
warnings.filterwarnings("ignore", category=SecurityWarning)

app = Celery("toolgate")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def keep_logging(**_: Any) -> None:
    """Celery would replace our log configuration; that a receiver is here is what stops it."""


@worker_init.connect
@beat_init.connect
def hold_database(**_: Any) -> None:
    """Hold the embedded database up for as long as this process lives; the kernel gives the share up on a kill."""
    from config.machine.embedded import hold

    hold()


@worker_shutdown.connect
def let_database_go(**_: Any) -> None:
    from config.machine.embedded import let_go

    let_go()
