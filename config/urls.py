"""Routes that Django serves; those of the inline lane are in config/asgi.py."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from config.edge.metrics import REGISTRY
from config.edge.readiness import readyz


async def livez(_request: HttpRequest) -> HttpResponse:
    """The process answers; whether it can decide is what /readyz says."""
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")


async def metrics(_request: HttpRequest) -> HttpResponse:
    """This process's counters for Prometheus."""
    return HttpResponse(generate_latest(REGISTRY), content_type=CONTENT_TYPE_LATEST)


async def protected_resource(_request: HttpRequest) -> JsonResponse:
    """RFC 9728: what a 401 points to. The same for everybody, and nothing about the policy."""
    return JsonResponse(
        {
            "resource": settings.TOOLGATE_ISSUER,
            "bearer_methods_supported": ["header"],
            "resource_documentation": f"{settings.TOOLGATE_ISSUER}/api/docs/",
        }
    )


handler403 = "governance.console.pages.denied.denied"

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index"), name="root"),
    path("admin/", admin.site.urls),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="api-docs"),
    path("livez", livez, name="livez"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path(".well-known/oauth-protected-resource", protected_resource, name="protected-resource"),
    path("", include("governance.api.urls")),
]
