"""Every route of the management API."""

from __future__ import annotations

from governance.api.management.routes import resource_routes

urlpatterns = [*resource_routes()]
