"""Routes that Django serves; those of the inline lane are in config/asgi.py."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from config.metrics import REGISTRY
from config.readiness import readyz


async def livez(_request: HttpRequest) -> HttpResponse:
    """The process answers; whether it can decide is what /readyz says."""
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")


async def metrics(_request: HttpRequest) -> HttpResponse:
    """This process's counters for Prometheus."""
    return HttpResponse(generate_latest(REGISTRY), content_type=CONTENT_TYPE_LATEST)


urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="api-docs"),
    path("livez", livez, name="livez"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("", include("governance.api.urls")),
]
