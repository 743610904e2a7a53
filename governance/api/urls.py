"""The API's routes as Django serves and documents them."""

from __future__ import annotations

from django.urls import URLPattern, path, re_path

from governance.api.management.urls import urlpatterns as management
from governance.api.routes import DECIDING
from governance.api.views import VIEWS


def _route(name: str, pattern: str) -> URLPattern:
    view = VIEWS[name].as_view()
    if "(?P<" in pattern:
        return re_path(rf"^{pattern.lstrip('/')}\Z", view, name=name)
    return path(pattern.lstrip("/"), view, name=name)


urlpatterns = [*(_route(name, pattern) for name, _, pattern, _ in DECIDING), *management]
