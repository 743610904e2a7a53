"""Pages of releases and proposals: to be read. Publishing, approving and rolling back are actions of their own."""

from __future__ import annotations

from django.contrib import admin

from accounts.admin.base.badge import badge
from accounts.admin.base.object_admin import ReadOnlyAdmin
from governance.models import Release, ReleaseProposal


@admin.register(Release)
class ReleaseAdmin(ReadOnlyAdmin):
    """What was in force, and who put it there."""

    empty_state = "Nothing has been published yet, so every call is denied. Review the draft and publish it."
    list_display = ("number", "kind", "message", "author", "approver", "rule_count", "created_at", "short_digest")
    list_filter = ("kind", "created_at")
    search_fields = ("=number", "message", "author", "approver", "digest")
    fields = (
        "number", "kind", "message", "author", "approver", "override_reason", "based_on", "rollback_of", "rule_count",
        "digest", "key_id", "created_at",
    )  # fmt: skip

    @admin.display(description="Digest", ordering="digest")
    def short_digest(self, obj: Release) -> str:
        """Enough of the digest to tell two apart."""
        return obj.digest[:12]


@admin.register(ReleaseProposal)
class ReleaseProposalAdmin(ReadOnlyAdmin):
    """What waits for a second person."""

    empty_state = "Nothing waits for a second person."
    list_display = ("id", "state", "kind", "message", "author", "decided_by", "created_at")
    list_filter = ("status", "kind")
    search_fields = ("message", "author", "decided_by")
    fields = (
        "kind", "status", "message", "author", "reasons", "override_reason", "based_on", "rollback_of", "digest",
        "decided_by", "decided_at", "decision_reason", "release", "created_at",
    )  # fmt: skip

    @admin.display(description="State", ordering="status")
    def state(self, obj: ReleaseProposal) -> str:
        """Where it stands."""
        tones = {"open": "ask", "approved": "allow", "refused": "deny"}
        return badge(obj.status, tones.get(obj.status, "plain"))
