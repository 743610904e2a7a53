"""Pages of rules."""

from __future__ import annotations

from django.contrib import admin
from django.utils import timezone

from accounts.admin.base.badge import badge, few
from governance.admin.base.people_forms import RuleForm
from governance.admin.base.policy_admin import PolicyAdmin
from governance.models import Mode, Rule


@admin.register(Rule)
class RuleAdmin(PolicyAdmin):
    """Rules: who, what, and the answer."""

    empty_state = "No rules yet: what no entity allows by default is denied. Write an allow for one role and one tool."
    list_display = ("slug", "answer", "whose", "which", "conditional", "state", "last_change")
    list_filter = ("effect", "mode", ("valid_until", admin.EmptyFieldListFilter))
    search_fields = ("slug", "description", "justification", "when")
    form = RuleForm
    fieldsets = (
        (None, {"fields": ("slug", "description", "effect", "justification")}),
        (
            "Whose calls",
            {
                "description": "Within a kind any one suffices; across kinds all must hold.",
                "fields": ("subjects", "excluded"),
            },
        ),
        ("Which calls", {"fields": ("entities", "when", "parameters")}),
        ("For ask: who approves", {"classes": ("collapse",), "fields": ("approval",)}),
        ("When it holds", {"fields": ("mode", "valid_from", "valid_until", "skip_client_prompt")}),
        ("History", {"fields": ("last_change",)}),
    )

    @admin.display(description="Answer", ordering="effect")
    def answer(self, obj: Rule) -> str:
        """Allow, deny or ask."""
        return badge(obj.effect)

    @admin.display(description="Whose calls")
    def whose(self, obj: Rule) -> str:
        """The subjects in short."""
        said = [
            "everyone" if kind == "everyone" else f"{kind.replace('_', ' ')} {few(v) if isinstance(v, list) else v}"
            for kind, v in sorted(obj.subjects.items())
            if v
        ]
        return " and ".join(said) + (", with exceptions" if obj.excluded else "")

    @admin.display(description="Which entities")
    def which(self, obj: Rule) -> str:
        """The entities in short."""
        return few(obj.entities)

    @admin.display(description="Condition", boolean=False)
    def conditional(self, obj: Rule) -> str:
        """Whether anything else must hold."""
        return "if …" if obj.when or obj.parameters else "always"

    @admin.display(description="Mode", ordering="mode")
    def state(self, obj: Rule) -> str:
        """Whether it is in force: within its window, and not in shadow."""
        now = timezone.now()
        if obj.valid_until is not None and obj.valid_until <= now:
            return badge("out of window: over", "plain")
        if obj.valid_from is not None and obj.valid_from > now:
            return badge("out of window: to come", "plain")
        return badge(obj.mode, "shadow" if obj.mode == Mode.SHADOW else "plain")
