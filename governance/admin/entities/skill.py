"""Pages of skills."""

from __future__ import annotations

from django.contrib import admin

from governance.admin.base.people_forms import OwnedForm
from governance.admin.entities.entity import ABOUT, BOUNDARIES, TRACE, EntityAdmin
from governance.models import Skill


@admin.register(Skill)
class SkillAdmin(EntityAdmin):
    """Skills."""

    empty_state = "No skills yet. A skill is a set of instructions that agents can take up."
    search_fields = ("slug", "name", "description", "owner", "tags")
    form = OwnedForm
    fieldsets = (
        (None, {"fields": ("slug", *ABOUT, "owner", "tags")}),
        ("What it says", {"fields": ("instructions",)}),
        ("What it works with", {"fields": ("servers",)}),
        BOUNDARIES,
        TRACE,
        ("History", {"fields": ("last_change",)}),
    )
