"""Putting the deciding routes into the event loop: the lane's edge from the settings, its answers from the runtime."""

from __future__ import annotations

from django.conf import settings

from accounts.guard.installed import installed_guard
from config.edge.csp import API_HEADERS
from config.edge.lane import Application
from config.edge.metrics import LaneMeter
from governance.api.door.lane import DecidingLane, Edge
from governance.api.routes import lane_routes
from governance.deciding import startup


def deciding_lane() -> DecidingLane:
    """The deciding routes of this process."""
    edge = Edge(
        hosts=frozenset(host.lower() for host in settings.ALLOWED_HOSTS),
        origins=frozenset(origin.lower() for origin in settings.TOOLGATE_ALLOWED_ORIGINS),
        headers=API_HEADERS,
        guard=installed_guard,
        meter=LaneMeter(),
    )
    return DecidingLane(routes=lane_routes(startup.current), edge=edge)


def inline_routes() -> dict[str, Application]:
    """Every path, or prefix that ends in `/`, that the deciding lane takes ahead of Django."""
    lane = deciding_lane()
    routes: dict[str, Application] = {route.pattern: lane for route in lane.routes if "(?P<" not in route.pattern}
    del routes["/api/v1/"]  # a prefix here; Django hands it on (governance/api/urls.py)
    return {**routes, "/api/v1/decisions/": lane}
