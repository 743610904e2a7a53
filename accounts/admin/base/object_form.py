"""The form behind every object's page: its version travels with it, and its faults stand at their fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms

from accounts.models.authored import Versioned
from accounts.services.change import describe_row
from accounts.services.errors import Conflict

if TYPE_CHECKING:
    _ModelForm = forms.ModelForm[Any]
else:
    _ModelForm = forms.ModelForm


class ObjectForm(_ModelForm):
    """A form that knows which version it shows and refuses to write over another one.

    `known_choices` gives the ids that can be chosen for some fields.
    """

    expected_revision = forms.IntegerField(required=False, widget=forms.HiddenInput)
    overwrite = forms.BooleanField(required=False, label="Write mine over theirs", widget=forms.HiddenInput)
    conflict: Conflict | None = None
    known_choices: ClassVar[dict[str, Any]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None:  # what is in force is shown by the same form and has no revision
            self.fields["expected_revision"].initial = getattr(self.instance, "revision", None)
        for name, choices in self.known_choices.items():
            field = self.fields.get(name)
            if field is not None and hasattr(field, "offer"):
                field.offer(choices(), getattr(self.instance, name) or ())

    def _post_clean(self) -> None:
        """Check the object itself, then whether somebody else was faster."""
        super()._post_clean()  # type: ignore[misc]
        self.check_object()
        if not self.errors:
            self._look_for_a_conflict()

    def check_object(self) -> None:
        """What else the object must keep to, each fault added to the form; here nothing."""

    def describe(self, instance: Any) -> dict[str, Any]:
        """The object as people compare two versions of it."""
        return describe_row(instance)

    def _look_for_a_conflict(self) -> None:
        expected = self.cleaned_data.get("expected_revision")
        if self.instance._state.adding or expected is None or self.cleaned_data.get("overwrite"):
            return
        current: Versioned | None = type(self.instance)._default_manager.filter(pk=self.instance.pk).first()
        if current is not None and current.revision == expected:
            return
        self.conflict = Conflict(
            model=str(self._meta.model._meta.verbose_name),
            object=self.instance.object_id,
            expected=expected,
            current=current.revision if current is not None else None,
            by=current.updated_by if current is not None else "",
            yours=self.describe(self.instance),
            theirs=self.describe(current) if current is not None else None,
        )
        self.add_error(None, f"{self.conflict}.")
