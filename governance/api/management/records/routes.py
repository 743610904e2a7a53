"""Where captured payloads are."""

from __future__ import annotations

from governance.api.management.door.documents import route
from governance.api.management.records.views import PayloadView

record_routes = [route(r"records/(?P<record>[0-9a-f-]{36})/payload", "record-payload", PayloadView)]
