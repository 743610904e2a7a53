"""What every model's pages in the console share: services write, grants decide, history comes from the trail."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminTextareaWidget
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.db.models import QuerySet
from django.forms import Field as FormField
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html

from accounts.models import Department, Group, Role, User
from accounts.models.authored import Versioned
from accounts.selectors.staff import scoped_rows
from accounts.services import change
from accounts.services.actor import Actor
from accounts.services.change import permission
from accounts.services.errors import Conflict, NotPermitted
from governance.console.lines import JSONTextField, KnownField, LinesField
from governance.console.object_form import ObjectForm
from governance.console.record_field import RecordField, known_leaves, leaves
from governance.models import DataSource, Server
from governance.models.field import ExactJSONField, StringSet
from governance.selectors.history import differences, history_of, shown
from governance.services import authoring
from governance.snapshot.compiler import record_of
from governance.snapshot.homes import HOME_OF
from governance.snapshot.shapes import Either, Record, Table


def _slugs(model: type[models.Model]) -> Callable[[], list[tuple[str, str]]]:
    def known() -> list[tuple[str, str]]:
        return [(slug, slug) for slug in model._default_manager.order_by("slug").values_list("slug", flat=True)]

    return known


KNOWN: dict[str, Callable[[], list[tuple[str, str]]]] = {
    "departments": _slugs(Department),
    "groups": _slugs(Group),
    "roles": _slugs(Role),
    "servers": _slugs(Server),
    "data_sources": _slugs(DataSource),
}
"""Set columns whose values are ids of something that has a table."""


if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = admin.ModelAdmin


class ObjectAdmin(_ModelAdmin):
    """Pages of one model. `empty_state` teaches what to do while there is nothing."""

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
        create = authoring.create_object if self.model in HOME_OF else change.save_new
        create(actor=self.actor(request), instance=obj)

    def write_changed(self, request: HttpRequest, obj: Any, expected: int | None) -> None:
        """Change through the service."""
        update = authoring.update_object if self.model in HOME_OF else change.save_changed
        update(actor=self.actor(request), instance=obj, expected_revision=expected)

    def write_removed(self, request: HttpRequest, objects: list[Any]) -> None:
        """Remove through the service, all or none."""
        if self.model in HOME_OF:
            authoring.delete_objects(actor=self.actor(request), instances=objects)
            return
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
        conflict = getattr(context["adminform"].form, "conflict", None)
        if conflict is not None:
            context["conflict_rows"] = [
                (each.key, each.before, each.after) for each in differences(conflict.theirs or {}, conflict.yours)
            ]
        return super().render_change_form(request, context, *args, **kwargs)

    def render_delete_form(self, request: HttpRequest, context: dict[str, Any]) -> Any:
        """Say what goes, in the policy's words."""
        if type(context["object"]) in HOME_OF:
            context["removed_record"] = [(key, shown(value)) for key, value in record_of(context["object"]).items()]
        return super().render_delete_form(request, context)

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
        if isinstance(db_field, StringSet) or type(db_field).__name__ == "ArrayField":
            choices = getattr(db_field.base_field, "choices", None)  # type: ignore[attr-defined]
            if choices or db_field.name in KNOWN:
                return KnownField(choices=choices or (), required=not db_field.blank, **label)
            return LinesField(required=not db_field.blank, **label)
        if isinstance(db_field, models.JSONField | ExactJSONField):
            return self._object_input(db_field, label)
        if isinstance(db_field, models.DateTimeField):
            return _named_moment(super().formfield_for_dbfield(db_field, request, **kwargs), label["label"])
        if isinstance(db_field, models.TextField):
            kwargs["widget"] = AdminTextareaWidget({"rows": "3"})
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def _object_input(self, db_field: models.Field[Any, Any], label: dict[str, Any]) -> FormField:
        home = HOME_OF.get(self.model)
        key = next((k for k, c in home.columns.items() if c == db_field.name), None) if home else None
        shape = home.record.fields[key].shape if home and key else None
        if isinstance(shape, Record):
            return RecordField(parts=list(leaves(shape)), **label)
        if isinstance(shape, Table) and shape.known:
            return RecordField(parts=list(known_leaves(shape)), **label)
        return JSONTextField(plain=isinstance(shape, Either), required=False, **label)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """The form class, with what can be chosen for sets of ids."""
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        fields = {spec.name for spec in self.model._meta.get_fields()}
        form.known_choices = {name: known for name, known in KNOWN.items() if name in fields}
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


class SettingsAdmin(ObjectAdmin):
    """Pages of something there is one of: the list goes straight to it."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """There is one, whether anybody wrote it down yet or not."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """It cannot be removed, only set back."""
        return False

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """The row, or the defaults while nobody has saved any."""
        return self.model.current()

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Straight to the one page."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return HttpResponseRedirect(reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=(1,)))


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


ICONS = {
    "allow": "✓", "deny": "✕", "ask": "?", "enforce": "●", "shadow": "◌", "on": "●", "off": "○", "pass": "✓",
    "fail": "✕", "skipped": "–", "shadow_fail": "◌", "widens": "▲", "tightens": "▼", "both": "◆", "neutral": "–",
}  # fmt: skip


def badge(word: str, tone: str | None = None) -> str:
    """A word with its icon and colour; read aloud it is the word."""
    return format_html(
        '<span class="tg-badge tg-{}"><span aria-hidden="true">{}</span> {}</span>',
        tone or word,
        ICONS.get(word, "■"),
        word,
    )


def few(items: Iterable[str], most: int = 3) -> str:
    """The first few of a set, and how many more there are."""
    found = list(items)
    return ", ".join(found[:most]) + (f" and {len(found) - most} more" if len(found) > most else "")


__all__ = ["ObjectAdmin", "ReadOnlyAdmin", "SettingsAdmin", "badge", "few"]
