"""Pages of people and service accounts."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.forms import AdminPasswordChangeForm
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters

from accounts.admin.base.badge import badge, few
from accounts.admin.base.object_admin import ObjectAdmin
from accounts.models import Status, User
from accounts.services import directory
from accounts.services.errors import NotPermitted

TONES = {Status.ACTIVE: "allow", Status.PENDING: "ask", Status.TEMPORARY: "ask"}


@admin.register(User)
class UserAdmin(ObjectAdmin):
    """Accounts. They are suspended or marked deleted, never removed: records name them."""

    fixed_fields = ("username",)
    empty_state = "Nobody here yet."
    list_display = ("username", "name", "kind", "state", "tier", "held", "in_departments", "owner", "last_change")
    list_filter = ("kind", "status", "tier")
    search_fields = ("username", "name", "email")
    list_select_related = ("owner",)
    raw_id_fields = ("owner",)
    readonly_fields = ("epoch", "last_login", "password_link")
    fieldsets = (
        (None, {"fields": ("username", "name", "email", "kind", "owner", "status")}),
        (
            "What they may do",
            {
                "description": "In force on every process at once; tokens issued before are refused.",
                "fields": ("tier", "roles", "groups", "departments", "rate_tier"),
            },
        ),
        (
            "Signing in",
            {"fields": ("password_link", "last_login", "epoch")},
        ),
        ("History", {"fields": ("last_change",)}),
    )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Set the status to deleted instead."""
        return False

    def write_new(self, request: HttpRequest, obj: Any) -> None:
        """Add through the directory's service."""
        directory.create_user(actor=self.actor(request), user=obj)

    def write_changed(self, request: HttpRequest, obj: Any, expected: int | None) -> None:
        """Change through the directory's service."""
        directory.update_user(actor=self.actor(request), user=obj, expected_revision=expected)

    def get_urls(self) -> list[URLPattern]:
        """Add the page that sets a password."""
        view = self.admin_site.admin_view(self.password_view)
        return [path("<path:object_id>/password/", view, name="accounts_user_password"), *super().get_urls()]

    @method_decorator(sensitive_post_parameters())
    def password_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Set a password; shown to nobody, then or later."""
        user = self.get_object(request, object_id)
        if user is None or not self.has_change_permission(request, user):
            raise PermissionDenied
        form = AdminPasswordChangeForm(user, request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                directory.set_password(actor=self.actor(request), user=user, password=form.cleaned_data["password1"])
            except NotPermitted as error:
                messages.error(request, f"Nothing was changed: {error}.")
            else:
                messages.success(request, f"{user} has a new password; their tokens were ended.")
            return HttpResponseRedirect(reverse("admin:accounts_user_change", args=(user.pk,)))
        context = {
            **self.admin_site.each_context(request),
            "title": f"Set the password of {user}",
            "form": form,
            "original": user,
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/object_password.html", context)

    @admin.display(description="Status", ordering="status")
    def state(self, obj: User) -> str:
        """Where the account stands."""
        return badge(obj.status, TONES.get(Status(obj.status), "deny"))

    @admin.display(description="Roles and groups")
    def held(self, obj: User) -> str:
        """In short."""
        return few([*obj.roles, *obj.groups])

    @admin.display(description="Departments")
    def in_departments(self, obj: User) -> str:
        """In short."""
        return few(obj.departments)

    @admin.display(description="Password")
    def password_link(self, obj: User) -> str:
        """Where to set it; whether there is one."""
        from django.utils.html import format_html

        if obj is None or obj.pk is None:
            return "can be set once the account is saved"
        said = "Set another one" if obj.has_usable_password() else "Set one: there is none"
        return format_html('<a href="{}">{}</a>', reverse("admin:accounts_user_password", args=(obj.pk,)), said)
