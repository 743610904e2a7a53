"""Structured logs: one line an event, JSON in production, redacted, on standard error and in files where asked."""

from __future__ import annotations

import fcntl
import logging
import logging.handlers
import os
from pathlib import Path
from typing import Any

import structlog

from config.redaction import redact_event

FILE_BYTES, FILES_KEPT = 16 * 1024 * 1024, 8

_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    structlog.processors.StackInfoRenderer(),
    structlog.processors.format_exc_info,
    redact_event,
]


class SharedFileHandler(logging.handlers.WatchedFileHandler):
    """A log file that several processes append to and rotate: lines are appended whole, rotation is under a lock."""

    def emit(self, record: logging.LogRecord) -> None:
        if os.path.exists(self.baseFilename) and os.path.getsize(self.baseFilename) >= FILE_BYTES:
            self._rotate()
        super().emit(record)

    def _rotate(self) -> None:
        path = Path(self.baseFilename)
        with open(f"{path}.lock", "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not path.exists() or path.stat().st_size < FILE_BYTES:
                return  # another process has done it
            for number in range(FILES_KEPT - 1, 0, -1):
                older = Path(f"{path}.{number}")
                if older.exists():
                    older.replace(f"{path}.{number + 1}")
            path.replace(f"{path}.1")


def logging_configuration(*, level: str, form: str, folder: Path | None) -> dict[str, Any]:
    """The `LOGGING` dictionary: `form` is `json` or `console`, `folder` that of the rotated files or None."""
    handlers: dict[str, Any] = {"stderr": {"class": "logging.StreamHandler", "formatter": form}}
    if folder is not None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handlers["file"] = {
            "()": SharedFileHandler,
            "filename": str(folder / "toolgate.jsonl"),
            "formatter": "json",
            "delay": True,
        }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": _formatter(structlog.processors.JSONRenderer(sort_keys=True)),
            "console": _formatter(structlog.dev.ConsoleRenderer(colors=False)),
        },
        "handlers": handlers,
        "root": {"handlers": list(handlers), "level": level.upper()},
        "loggers": {
            # Ours to say once and well: each request line is a record of the trail already.
            "uvicorn.access": {"level": "WARNING"},
            "django.server": {"level": "WARNING"},
            "uvicorn.error": {"level": "WARNING"},
            # It warns that our file broker's address has no host name.
            "kombu.connection": {"level": "ERROR"},
            # A line for every task that comes, goes and is sent says nothing that a failed one does not.
            "celery.worker.strategy": {"level": "WARNING"},
            "celery.app.trace": {"level": "WARNING"},
            "celery.beat": {"level": "WARNING"},
        },
    }


def configure_structlog() -> None:
    """Make structlog's loggers hand their events to the standard library's handlers."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _formatter(renderer: Any) -> dict[str, Any]:
    return {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": _SHARED,
        "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    }
