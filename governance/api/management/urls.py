"""Every route of the management API."""

from __future__ import annotations

from governance.api.management.draft import draft_routes
from governance.api.management.people import people_routes
from governance.api.management.question_routes import question_routes
from governance.api.management.releases import release_routes
from governance.api.management.routes import resource_routes
from governance.api.management.switches import switch_routes

urlpatterns = [*question_routes, *draft_routes, *release_routes, *switch_routes, *people_routes, *resource_routes()]
