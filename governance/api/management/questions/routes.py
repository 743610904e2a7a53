"""Where questions are asked."""

from __future__ import annotations

from governance.api.management.door.documents import route
from governance.api.management.questions import rights, views

question_routes = [
    route("explain", "explain", views.ExplainView),
    route("simulate", "simulate", views.SimulateView),
    route("why-not", "why-not", views.WhyNotView),
    route("who-can", "who-can", rights.WhoCanView),
    route("what-can", "what-can", rights.WhatCanView),
]
