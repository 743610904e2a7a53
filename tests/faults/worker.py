"""A Celery worker whose journal keys are those of the tests."""

from __future__ import annotations

import django

django.setup()

from audit.writing import process  # noqa: E402
from config.celery import app  # noqa: E402
from tests.audit.builders import KID, key_for  # noqa: E402

process.install(kid=lambda: KID, key_for=key_for)

if __name__ == "__main__":
    app.worker_main(
        ["worker", "-P", "solo", "-l", "WARNING", "-Q", "ingest,default", "--without-gossip", "--without-mingle"]
    )
