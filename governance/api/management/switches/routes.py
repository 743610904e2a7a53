"""Where switches are."""

from __future__ import annotations

from governance.api.management.door.documents import NUMBER, route
from governance.api.management.switches.views import LiftView, SwitchesView, SwitchView

switch_routes = [
    route("switches", "switches", SwitchesView),
    route(rf"switches/(?P<key>{NUMBER})", "switch", SwitchView),
    route(rf"switches/(?P<key>{NUMBER})/lift", "switch-lift", LiftView),
]
