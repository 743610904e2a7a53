"""The project: settings, the application's entry points and what runs beside it."""

from __future__ import annotations

from config.celery import app as celery_app

__all__ = ["celery_app"]
