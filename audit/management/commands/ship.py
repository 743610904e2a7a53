"""`manage.py ship`: the shipper of this host, until it is told to stop."""

from __future__ import annotations

import signal
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from audit.intake.batch import Batch
from audit.intake.ship import RESEND_SECONDS, AlreadyShipping, Shipper
from audit.tasks import ingest_batch
from audit.writing import process
from audit.writing.alarms import raise_alarm


def send(batch: Batch) -> None:
    """Hand a batch to the broker, without retrying: the database is the other way."""
    ingest_batch.apply_async(kwargs=batch.message(), retry=False, ignore_result=True)


class Command(BaseCommand):
    """Ships the journal of this host into the trail."""

    help = "Ship this host's journal into the trail, by way of the workers; directly where the broker is down."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--direct", action="store_true", help="store every batch directly, without workers")
        parser.add_argument("--resend", type=float, default=RESEND_SECONDS, help="seconds until a batch is sent again")

    def handle(self, *args: Any, direct: bool, resend: float, **options: Any) -> None:
        stopped = False

        def stop(*_: object) -> None:
            nonlocal stopped
            stopped = True

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        try:
            shipper = Shipper(
                Path(settings.TOOLGATE_JOURNAL_DIR),
                key_for=process.key_for,
                connect=process.connect,
                send=None if direct else send,
                alarm=raise_alarm,
                resend_seconds=resend,
                kid=process.kid,
            )
        except AlreadyShipping as error:
            raise CommandError(str(error)) from None
        shipper.run(lambda: stopped)
