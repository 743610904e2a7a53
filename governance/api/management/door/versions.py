"""Versions of what is written over the API: what was last seen of an object, and by whom it was changed."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework.fields import SkipField

from governance.api.door.shapes import record
from governance.api.management.door.fields import AnyField, MomentField, TextField, WholeField
from governance.api.management.door.serializers import ObjectAnswer

META = "meta"
"""The key beside an object's own under which its version stands."""

SEEN = record({"revision": {"type": "integer", "minimum": 0}}, required=[], closed=False)
"""What a body may say of it."""


class VersionAnswer(ObjectAnswer):
    """An object's version."""

    revision = WholeField(min_value=0, help_text="Grows with every change; the ETag.")
    updated_at = MomentField(allow_null=True)
    updated_by = TextField()


@extend_schema_field(SEEN)
class SeenField(AnyField):
    """The version that a writer has seen: no value of the body, but what `ManagementView.expected` reads."""

    def run_validation(self, data: Any = None) -> Any:
        """Nothing."""
        raise SkipField
