"""What every model's pages share: services write, grants decide, history comes from the trail.

Pages of the policy's objects add their schema and the draft: `governance.admin.base.policy_admin`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminTextareaWidget
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.db.models import QuerySet
from django.forms import Field as FormField
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from accounts.admin.base.lines import JSONTextField, KnownField, LinesField
from accounts.admin.base.object_form import ObjectForm
from accounts.models import Department, Group, Role, User
from accounts.models.authored import Versioned
from accounts.selectors.history import differences, history_of
from accounts.selectors.staff import scoped_rows
from accounts.services import change
from accounts.services.actor import Actor
from accounts.services.change import permission
from accounts.services.errors import Conflict, NotPermitted

Known = Callable[[], list[tuple[str, str]]]


def slugs_of(model: type[models.Model]) -> Known:
    """The ids that can be chosen, read when a form is made."""

    def known() -> list[tuple[str, str]]:
        return [(slug, slug) for slug in model._default_manager.order_by("slug").values_list("slug", flat=True)]

    return known


if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = admin.ModelAdmin


class ObjectAdmin(_ModelAdmin):
    """Pages of one model. `empty_state` teaches what to do while there is nothing.

    `known` gives what can be chosen in set columns whose values are ids of something that has a table.
    """

    known: ClassVar[Mapping[str, Known]] = {
        "departments": slugs_of(Department),
        "groups": slugs_of(Group),
        "roles": slugs_of(Role),
    }
    form = ObjectForm
    empty_state = ""
    secret_fields: ClassVar[frozenset[str]] = frozenset()
    list_per_page = 50
    show_full_result_count = False
    save_on_top = False
    change_form_template = "admin/object_form.html"
    change_list_template = "admin/object_list.html"
    object_history_template = "admin/object_history.html"
    delete_confirmation_template = "admin/object_delete.html"

    def actor(self, request: HttpRequest) -> Actor:
        """Who makes a change through this request."""
        if not isinstance(request.user, User):
            raise PermissionDenied
        return Actor.person(request.user)

    def notice(self) -> str:
        """What must be known before anything is entered here; said above the list and the form."""
        return ""

    # --- who may ---------------------------------------------------------------------------------------------------
    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A grant to change is a grant to look."""
        return self._may(request, "view", obj) or self._may(request, "change", obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whether any grant, whatever its reach, lets this person add; the reach is checked when it is saved."""
        return self._may(request, "add", None)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether a grant reaches this object."""
        return self._may(request, "change", obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether a grant reaches this object."""
        return self._may(request, "delete", obj)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """The rows that this person's grants reach."""
        rows = super().get_queryset(request)
        if not isinstance(request.user, User) or not issubclass(self.model, Versioned):
            return rows
        reached = scoped_rows(request.user, permission("view", self.model), self.model)
        return rows if reached is None else rows.filter(reached).distinct()

    def _may(self, request: HttpRequest, action: str, obj: Any) -> bool:
        return isinstance(request.user, User) and request.user.has_perm(permission(action, self.model), obj)

    # --- writing ---------------------------------------------------------------------------------------------------
    def write_new(self, request: HttpRequest, obj: Any) -> None:
        """Add through the service; what is no part of the policy is in force at once."""
        change.save_new(actor=self.actor(request), instance=obj)

    def write_changed(self, request: HttpRequest, obj: Any, expected: int | None) -> None:
        """Change through the service."""
        change.save_changed(actor=self.actor(request), instance=obj, expected_revision=expected)

    def write_removed(self, request: HttpRequest, objects: list[Any]) -> None:
        """Remove through the service, all or none."""
        with transaction.atomic():
            for obj in objects:
                change.remove(actor=self.actor(request), instance=obj)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Hand the object to the service; it checks again, locks and records."""
        if obj._state.adding:
            self.write_new(request, obj)
        else:
            over = form.cleaned_data.get("overwrite")
            self.write_changed(request, obj, None if over else form.cleaned_data.get("expected_revision"))

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """There is nothing beside the row itself: sets are columns."""

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Hand the removal to the service."""
        self.write_removed(request, [obj])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """The same for several, all or none."""
        self.write_removed(request, list(queryset))

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Translate what a service refuses into a message, once."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except NotPermitted as error:
            messages.error(request, f"Nothing was saved: {error}. Your grant does not reach that far.")
        except Conflict as error:
            messages.error(request, f"Nothing was saved: {error}. This is how it stands now.")
        except ValidationError as error:
            messages.error(request, f"Nothing was saved. {' '.join(error.messages)}")
        return HttpResponseRedirect(request.get_full_path())

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None) -> Any:
        """The same for a removal."""
        try:
            return super().delete_view(request, object_id, extra_context)
        except (NotPermitted, Conflict) as error:
            messages.error(request, f"Nothing was removed: {error}.")
        except ValidationError as error:
            messages.error(request, f"Nothing was removed. {' '.join(error.messages)}")
        return HttpResponseRedirect(request.get_full_path())

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Translate what a service refuses about several objects at once; teach where there is nothing."""
        try:
            return super().changelist_view(
                request,
                {
                    "empty_state": self.empty_state,
                    "notice": self.notice(),
                    "title": str(self.opts.verbose_name_plural).capitalize(),
                    **(extra_context or {}),
                },
            )
        except (NotPermitted, Conflict) as error:
            messages.error(request, f"Nothing was changed: {error}.")
        except ValidationError as error:
            messages.error(request, f"Nothing was changed. {' '.join(error.messages)}")
        return HttpResponseRedirect(request.get_full_path())

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Lay the two versions of a conflict side by side."""
        context["notice"] = self.notice()
        conflict = getattr(context["adminform"].form, "conflict", None)
        if conflict is not None:
            context["conflict_rows"] = [
                (each.key, each.before, each.after) for each in differences(conflict.theirs or {}, conflict.yours)
            ]
        return super().render_change_form(request, context, *args, **kwargs)

    # The trail is the record of every change, written by the services; Django's own log would be a second, weaker one.
    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Recorded by the service."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Recorded by the service."""

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        """Recorded by the service."""

    # --- showing ---------------------------------------------------------------------------------------------------
    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """An id is fixed once it is given."""
        fixed = tuple(getattr(self, "fixed_fields", ("slug",)))
        extra = tuple(name for name in fixed if obj is not None and not obj._state.adding)
        return (*super().get_readonly_fields(request, obj), *extra, "last_change")

    @admin.display(description="Last change")
    def last_change(self, obj: Any) -> str:
        """Who changed it last, and when."""
        if obj is None or obj.pk is None or obj._state.adding:
            return "not saved yet"
        when = obj.updated_at.strftime("%Y-%m-%d %H:%M UTC")
        return f"{obj.updated_by or 'system'}, {when}, version {obj.revision}"

    def formfield_for_dbfield(self, db_field: models.Field[Any, Any], request: Any, **kwargs: Any) -> FormField | None:
        """Readable inputs for sets and objects."""
        label: dict[str, Any] = {"label": str(db_field.verbose_name).capitalize(), "help_text": db_field.help_text}
        if isinstance(db_field, ArrayField):
            choices = getattr(db_field.base_field, "choices", None)
            if choices or db_field.name in self.known:
                return KnownField(choices=choices or (), required=not db_field.blank, **label)
            return LinesField(required=not db_field.blank, **label)
        if isinstance(db_field, models.JSONField):
            return JSONTextField(required=False, **label)
        if isinstance(db_field, models.DateTimeField):
            return _named_moment(super().formfield_for_dbfield(db_field, request, **kwargs), label["label"])
        if isinstance(db_field, models.TextField):
            kwargs["widget"] = AdminTextareaWidget({"rows": "3"})
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """The form class, with what can be chosen for sets of ids."""
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        fields = {spec.name for spec in self.model._meta.get_fields()}
        form.known_choices = {name: known for name, known in self.known.items() if name in fields}
        return form

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Nobody filters by what nobody may see."""
        hidden: frozenset[str] = getattr(self.model, "secret_fields", frozenset())
        allowed: bool = super().lookup_allowed(lookup, value, request)
        return allowed and not set(lookup.split("__")) & hidden

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Every change of one object, before and after, from the audit records."""
        obj = self.get_object(request, object_id)
        if obj is None:
            messages.warning(request, f"There is no {self.opts.verbose_name} {object_id} (any more).")
            return HttpResponseRedirect(reverse("admin:index"))
        if not self.has_view_permission(request, obj):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": f"History of {obj}",
            "history": history_of(model=self.model._meta.label_lower, object_id=obj.object_id),
            "object": obj,
            "opts": self.opts,
            **(extra_context or {}),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, self.object_history_template, context)


def _named_moment(field: FormField | None, label: str) -> FormField | None:
    """A date and a time, each with a name of its own: one label cannot be for two inputs."""
    for widget, part in zip(getattr(getattr(field, "widget", None), "widgets", ()), ("date", "time"), strict=False):
        widget.attrs["aria-label"] = f"{label}: {part}"
    return field


class ReadOnlyAdmin(ObjectAdmin):
    """Pages of what is made and ended by actions of its own, never by a form."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Not by a form."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Not by a form."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Everything that is shown."""
        return admin.ModelAdmin.get_readonly_fields(self, request, obj)
