"""Django's admin, with our own site."""

from __future__ import annotations

from django.contrib.admin.apps import AdminConfig


class ConsoleConfig(AdminConfig):
    """The console: stock admin markup under our own design, with pages in an order that people read."""

    default_site = "governance.console.site.ConsoleSite"
