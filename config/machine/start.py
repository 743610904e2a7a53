"""`python -m config.machine.start`: uvicorn with our address, our logs and our limits; `serve` runs it."""

from __future__ import annotations

import os
import sys

import django
import uvicorn

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


def main() -> None:
    django.setup()
    from django.conf import settings
    from django.core.checks import run_checks

    from config.checks import TAG
    from config.edge.connections import BoundedConnection

    serious = [message for message in run_checks(tags=[TAG]) if message.is_serious()]
    if serious:  # management commands refuse by themselves; this is the one way in that is none
        sys.exit("\n".join(str(message) for message in serious))
    uvicorn.run(
        "config.asgi:application",
        http=BoundedConnection,
        host=settings.TOOLGATE_HOST,
        port=settings.TOOLGATE_PORT,
        workers=settings.TOOLGATE_WEB_PROCESSES,
        lifespan="on",
        log_config=None,  # Django has set ours, and does so again in every process
        access_log=False,
        server_header=False,
        proxy_headers=False,  # forwarded headers are believed by our own rules (TOOLGATE_TRUSTED_PROXIES) or not at all
        timeout_graceful_shutdown=10,
    )


if __name__ == "__main__":
    main()
