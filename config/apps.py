"""The project as an application, so that its system checks are registered."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class ProjectConfig(AppConfig):
    name = "config"
    verbose_name = "Toolgate"

    def ready(self) -> None:
        import_module("config.checks")
