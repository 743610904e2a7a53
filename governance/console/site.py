"""The admin site: sections in reading order, the environment's ribbon, the draft's banner."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from governance.console.credentials import SignInForm, View, refuse_in_address, without_credentials_in_address
from governance.selectors.draft import unpublished_changes
from governance.selectors.off import switched_off
from governance.selectors.policy_versions import ReleaseAltered, newest_version
from governance.selectors.switches import live_switches

SECTIONS: Mapping[str, tuple[str, ...]] = {
    "What is decided": (
        "Rule", "BlocklistEntry", "BlocklistSettings", "Detector", "DetectorSettings", "Exemption", "RateLimits",
        "LayerMode", "PolicySettings", "PolicyTest", "PolicyPrincipal",
    ),
    "What is acted on": ("Server", "Tool", "DataSource", "Agent", "Skill", "Plugin", "Hook"),
    "Who asks": ("User", "Department", "Group", "Role", "StaffGrant", "GuardEntry"),
    "Keys and secrets": ("AgentKey", "Revocation", "Binding"),
    "What is in force": ("Release", "ReleaseProposal", "Switch"),
}  # fmt: skip
"""Section → models in it, in order; models of other rooms follow under their app's name."""


SWITCHES_NAMED = 5
"""Live switches that every page names; the page of the switches has them all."""


class ConsoleSite(AdminSite):
    """Toolgate's admin."""

    site_title = "Toolgate"
    site_header = "Toolgate"
    index_title = "Console"
    site_url = None
    enable_nav_sidebar = True
    empty_value_display = "–"
    login_form = SignInForm

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """What every page shows around its content."""
        context = super().each_context(request)
        context["environment"] = settings.TOOLGATE_ENV
        context |= self._draft() if self._sees_the_draft(request) else {}
        context["live_switches"] = list(live_switches()[:SWITCHES_NAMED]) if self._may(request, "view_switch") else []
        return {**context, **(self._release() if self._may(request, "view_release") else {})}

    @staticmethod
    def _draft() -> dict[str, Any]:
        """How many changes the draft holds; nothing beside an altered release."""
        try:
            return {"unpublished_changes": len(unpublished_changes())}
        except ReleaseAltered:
            return {}

    @staticmethod
    def _release() -> dict[str, Any]:
        """What of the newest release is switched off, in shadow or exempted; its number where it was altered."""
        try:
            off = sorted(switched_off(newest_version().document))
        except ReleaseAltered as altered:
            return {"altered_release": altered.number}
        return {"switched_off": off}

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        """Every page asks first whether its address holds a credential."""
        return without_credentials_in_address(super().admin_view(view, cacheable))

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The sign-in page, whose address names where to go on."""
        return refuse_in_address(request) or super().login(request, extra_context)

    def get_urls(self) -> list[Any]:
        """The console's own pages before those of the models."""
        from governance.console.pages.routes import page_urls  # pages use the site

        return [*page_urls(self), *super().get_urls()]

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """The overview in place of a bare list of models."""
        from governance.console.pages.overview import overview

        return overview(request)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """The models this person may see, by section and not by the app that holds them."""
        apps = super().get_app_list(request, app_label)
        if app_label is not None:
            return apps
        models = {model["object_name"]: model for app in apps for model in app["models"]}
        sections = self._pages(request)
        for name, members in SECTIONS.items():
            found = [models.pop(member) for member in members if member in models]
            if found:
                anchor = name.lower().replace(" ", "-")
                sections.append(
                    {
                        "name": name,
                        "app_label": anchor,
                        "app_url": f"{reverse('admin:index', current_app=self.name)}#{anchor}",
                        "has_module_perms": True,
                        "models": found,
                    }
                )
        rest = [{**app, "models": [m for m in app["models"] if m["object_name"] in models]} for app in apps]
        return [*sections, *(app for app in rest if app["models"])]

    def _pages(self, request: HttpRequest) -> list[Any]:
        """The console's own pages as a section of the navigation."""
        from governance.console.pages.routes import PAGES

        open_to_them = [page for page in PAGES if page.listed and page.opens_for(request)]
        if not open_to_them:
            return []
        home = reverse("admin:index", current_app=self.name)
        return [
            {
                "name": "Work",
                "app_label": "work",
                "app_url": f"{home}#work",
                "has_module_perms": True,
                "models": [
                    {
                        "name": page.title,
                        "object_name": f"page-{page.name}",
                        "perms": {},
                        "admin_url": reverse(f"admin:{page.name}", current_app=self.name),
                        "add_url": None,
                        "view_only": True,
                    }
                    for page in open_to_them
                ],
            }
        ]

    def _sees_the_draft(self, request: HttpRequest) -> bool:
        return self._may(request, "view_draftstate")

    @staticmethod
    def _may(request: HttpRequest, action: str) -> bool:
        user = request.user
        return bool(user.is_authenticated and user.is_staff and user.has_perm(f"governance.{action}"))
