"""`python -m config.web`: uvicorn with our address, our logs and our limits; `serve` runs it."""

from __future__ import annotations

import logging.config
import os

import uvicorn

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


def main() -> None:
    from django.conf import settings

    logging.config.dictConfig(settings.LOGGING)
    uvicorn.run(
        "config.asgi:application",
        host=settings.TOOLGATE_HOST,
        port=settings.TOOLGATE_PORT,
        workers=settings.TOOLGATE_WEB_PROCESSES,
        lifespan="on",
        log_config=None,  # ours, set above and again by Django in every process
        access_log=False,
        server_header=False,
        proxy_headers=False,  # forwarded headers are believed by our own rules (TOOLGATE_TRUSTED_PROXIES) or not at all
        timeout_graceful_shutdown=10,
    )


if __name__ == "__main__":
    main()
