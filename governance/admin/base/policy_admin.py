"""What the pages of the policy's objects share: the draft's services write them, and the schema makes their inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.forms import Field as FormField
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import escape

from accounts.admin.base.lines import JSONTextField
from accounts.admin.base.object_admin import Known, ObjectAdmin, slugs_of
from accounts.admin.base.object_form import ObjectForm
from accounts.selectors.history import shown
from governance.admin.base.object_field import ObjectField, known_leaves, leaves
from governance.models import DataSource, Server
from governance.models.field import ExactJSONField
from governance.policy.schema.sections import POLICY
from governance.policy.schema.shapes import Either, Struct, Table
from governance.policy.tables.compiler import object_of
from governance.policy.tables.object_checks import check_object
from governance.policy.tables.row_mapping import ROW_MAPPING_OF
from governance.services.authoring import objects


class PolicyForm(ObjectForm):
    """The form of an object of the policy: checked as the policy file is."""

    def describe(self, instance: Any) -> dict[str, Any]:
        """The object as the policy file writes it."""
        return object_of(instance)

    def check_object(self) -> None:
        """Place each fault at the field it is about; a field that could not be read has been told of already."""
        unread = set(self.errors)
        try:
            check_object(self.instance)
        except ValidationError as error:
            for name, messages in error.message_dict.items():
                field = name if name in self.fields else None
                if not unread or (field is not None and field not in unread):
                    for message in messages:
                        self.add_error(field, message)


class PolicyAdmin(ObjectAdmin):
    """Pages of one kind of object of the policy."""

    form = PolicyForm
    known: ClassVar[Mapping[str, Known]] = {
        **ObjectAdmin.known,
        "servers": slugs_of(Server),
        "data_sources": slugs_of(DataSource),
    }

    def write_new(self, request: HttpRequest, obj: Any) -> None:
        """Add to the draft."""
        objects.create_object(actor=self.actor(request), instance=obj)

    def write_changed(self, request: HttpRequest, obj: Any, expected: int | None) -> None:
        """Change in the draft."""
        objects.update_object(actor=self.actor(request), instance=obj, expected_revision=expected)

    def write_removed(self, request: HttpRequest, objects_: list[Any]) -> None:
        """Remove from the draft, all or none."""
        objects.delete_objects(actor=self.actor(request), instances=objects_)

    def render_delete_form(self, request: HttpRequest, context: dict[str, Any]) -> Any:
        """Say what goes, in the policy's words."""
        context["removed_record"] = [(key, shown(value)) for key, value in object_of(context["object"]).items()]
        return super().render_delete_form(request, context)

    def notice(self) -> str:
        """What is said above a form and a list whose objects nothing enforces yet; empty for all others."""
        return POLICY.fields[ROW_MAPPING_OF[self.model].path[0]].not_yet

    def formfield_for_dbfield(self, db_field: models.Field[Any, Any], request: Any, **kwargs: Any) -> FormField | None:
        """An input that says of itself where nothing enforces what is entered."""
        field = self._input_of(db_field, request, **kwargs)
        home = ROW_MAPPING_OF[self.model]
        key = next((k for k, column in home.columns.items() if column == db_field.name), None)
        not_yet = home.record.fields[key].not_yet if key else ""
        if field is not None:
            field.help_text = escape(f"{field.help_text} {not_yet}".strip())
        return field

    def _input_of(self, db_field: models.Field[Any, Any], request: Any, **kwargs: Any) -> FormField | None:
        """One input for each key of an object, where the schema knows them."""
        if not isinstance(db_field, models.JSONField | ExactJSONField):
            return super().formfield_for_dbfield(db_field, request, **kwargs)
        label: dict[str, Any] = {"label": str(db_field.verbose_name).capitalize(), "help_text": db_field.help_text}
        home = ROW_MAPPING_OF[self.model]
        key = next((k for k, c in home.columns.items() if c == db_field.name), None)
        shape = home.record.fields[key].shape if key else None
        if isinstance(shape, Struct):
            return ObjectField(parts=list(leaves(shape)), **label)
        if isinstance(shape, Table) and shape.known:
            return ObjectField(parts=list(known_leaves(shape)), **label)
        return JSONTextField(plain=isinstance(shape, Either), required=False, **label)


class SettingsAdmin(PolicyAdmin):
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
