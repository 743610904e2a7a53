"""Records: list by seq, filters that an index serves, and the whole body in a readable form."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from audit.admin.estimate import EstimatingPaginator
from audit.models import TrailRecord
from audit.records.canonical import RecordInvalid, map_text
from audit.records.decision_reading import read_decision
from audit.records.kinds import Kind
from audit.records.opening_record import OPENING_CODES
from audit.trace.payloads import CAPTURING, kept_payload, openings_of, why_closed
from audit.trace.reach import EVERYTHING, PAYLOADS, reached_for, sees_any, within_reach, without_payloads
from audit.trace.reading import find_record, records_between

if TYPE_CHECKING:
    Base = admin.ModelAdmin[TrailRecord]
else:
    Base = admin.ModelAdmin

SPANS: dict[str, tuple[str, timedelta]] = {
    "hour": ("last hour", timedelta(hours=1)),
    "day": ("last 24 hours", timedelta(days=1)),
    "week": ("last 7 days", timedelta(days=7)),
    "month": ("last 31 days", timedelta(days=31)),
    "year": ("last 366 days", timedelta(days=366)),
}
DEFAULT_SPAN = "day"
PAYLOAD_SECTION = "Captured payload"
_WHO = ("owner", "agent", "session", "department", "iss", "jti", "kid")
_BESIDE = ("trace", "context", "task", "client", "client_session", "decision", "execution")


def visible(text: object) -> str:
    """Text with what cannot be seen made visible: control, bidirectional and other invisible characters as \\u{…}."""
    return "".join(char if char.isprintable() else f"\\u{{{ord(char):x}}}" for char in str(text))


def shown(name: str) -> Any:
    """A column whose text comes from callers, with what cannot be seen made visible."""

    @admin.display(description=name.replace("_", " "))
    def value(self: Any, record: TrailRecord) -> str:
        text = getattr(record, name)
        return "–" if text is None else visible(text)

    return value


class SpanFilter(admin.SimpleListFilter):
    """How far back; there is always a bound."""

    title = "time"
    parameter_name = "span"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, title) for name, (title, _) in SPANS.items() if name != DEFAULT_SPAN]

    def choices(self, changelist: Any) -> Any:
        yield {
            "selected": self.value() is None,
            "query_string": changelist.get_query_string(remove=[self.parameter_name]),
            "display": SPANS[DEFAULT_SPAN][0],
        }
        yield from list(super().choices(changelist))[1:]

    def queryset(self, request: HttpRequest, queryset: QuerySet[TrailRecord]) -> QuerySet[TrailRecord]:
        return queryset  # the admin's own queryset is bounded already


class _OneOf(admin.SimpleListFilter):
    """A filter over values known beforehand: no query to find them."""

    values: tuple[str, ...] = ()

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(value, value.replace("_", " ")) for value in self.values]

    def queryset(self, request: HttpRequest, queryset: QuerySet[TrailRecord]) -> QuerySet[TrailRecord]:
        value = self.value()
        return queryset if value is None else queryset.filter(**{str(self.parameter_name): value})


class KindFilter(_OneOf):
    title, parameter_name, values = "kind", "kind", tuple(kind.value for kind in Kind)


class EffectFilter(_OneOf):
    title, parameter_name, values = "decision", "effect", ("allow", "deny", "ask")


class OpeningFilter(_OneOf):
    """Who looked at captured payloads: the records of openings, by what came of them."""

    title, parameter_name, values = "payloads", "code", OPENING_CODES

    def queryset(self, request: HttpRequest, queryset: QuerySet[TrailRecord]) -> QuerySet[TrailRecord]:
        found = super().queryset(request, queryset)
        return found if self.value() is None else found.filter(kind=Kind.SECURITY_EVENT)


@admin.register(TrailRecord)
class TrailRecordAdmin(Base):
    """Nobody adds, changes or deletes audit rows; everybody sees what their grants show (audit/trace/reach.py).

    Search: principal, server or server/tool, or a record's id.
    """

    list_display = ("seq", "at", "kind", "result", "who", "what", "shown_code", "shown_rule")
    list_display_links = ("seq", "at")
    list_filter = (SpanFilter, KindFilter, EffectFilter, OpeningFilter)
    list_per_page = 50
    list_max_show_all = 0
    show_full_result_count = False
    ordering = ("-seq",)
    sortable_by = ()
    search_fields = ("principal",)
    search_help_text = "principal, server, server/tool, or a record's id (exact)"
    paginator = EstimatingPaginator
    actions = None
    fieldsets = (
        (
            "What",
            {
                "fields": (
                    "seq",
                    "at",
                    "kind",
                    "level",
                    "result",
                    "what",
                    "shown_code",
                    "layer",
                    "shown_rule",
                    "release",
                )
            },
        ),
        ("Who", {"fields": ("who", "names", *(f"shown_{name}" for name in _WHO))}),
        ("Layers", {"fields": ("layers",)}),
        (PAYLOAD_SECTION, {"fields": ("captured", "openings")}),
        ("Beside", {"fields": tuple(f"shown_{name}" for name in _BESIDE)}),
        ("Record", {"fields": ("id", "node", "boot", "n", "source", "retention", "digest", "content")}),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return sees_any(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [name for _, options in self.fieldsets for name in options["fields"]]  # type: ignore[misc]

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """A record has no history but itself."""
        return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", object_id)

    def get_queryset(self, request: HttpRequest) -> QuerySet[TrailRecord]:
        """The list is bounded in time by its filter; a single record is found by its id, which bounds it as well."""
        if request.resolver_match is not None and "object_id" in request.resolver_match.kwargs:
            return TrailRecord.objects.filter(within_reach(request.user))
        _, span = SPANS.get(request.GET.get("span", DEFAULT_SPAN), SPANS[DEFAULT_SPAN])
        now = datetime.now(UTC)
        return records_between(now - span, now + timedelta(minutes=5)).filter(within_reach(request.user))

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> TrailRecord | None:
        """The record, with a note of whether this person may open what it captured, and see who did."""
        found: TrailRecord | None = super().get_object(request, object_id, from_field)
        if found is not None:
            found.payloads_shown, found.openings_shown = (
                find_record(found.pk, within=reached_for(request.user, perm)) is not None
                for perm in (PAYLOADS, EVERYTHING)
            )
        return found

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """The section of payloads stands where a record of its kind may have captured one."""
        sections = super().get_fieldsets(request, obj)
        if obj is not None and obj.kind not in CAPTURING:
            return [section for section in sections if section[0] != PAYLOAD_SECTION]
        return sections

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[TrailRecord], search_term: str
    ) -> tuple[QuerySet[TrailRecord], bool]:
        """Exact matches, each by an index; a term that is none of these finds nothing."""
        term = search_term.strip().replace("\x00", "")
        if not term:
            return queryset, False
        try:
            return queryset.filter(id=uuid.UUID(term)), False
        except ValueError:
            pass
        server, slash, tool = term.partition("/")
        if slash:
            return queryset.filter(server=server, tool=tool), False
        return queryset.filter(principal=term) | queryset.filter(server=term), False

    @admin.display(description="result")
    def result(self, record: TrailRecord) -> str:
        return record.effect or record.status or "–"

    @admin.display(description="who")
    def who(self, record: TrailRecord) -> str:
        agent = f" by {visible(record.agent)}" if record.agent else ""
        return f"{visible(record.principal or record.actor)}{agent}"

    @admin.display(description="names")
    def names(self, record: TrailRecord) -> SafeString | str:
        """What each id of it was called when it happened, those of the chain's links too."""
        who = record.content()["who"]
        rows = [
            (key, visible(part.get("principal" if key == "email" else key, "")), visible(name))
            for part in (who, *who.get("links", ())[1:])
            for key, name in part.get("names", {}).items()
        ]
        if not rows:
            return "–"
        body = format_html_join("", "<tr><th>{}</th><td>{}</td><td>{}</td></tr>", rows)
        return format_html("<table>{}</table>", body)

    @admin.display(description="what")
    def what(self, record: TrailRecord) -> str:
        return visible("/".join(filter(None, (record.server, record.tool)))) or "–"

    @admin.display(description="layers")
    def layers(self, record: TrailRecord) -> SafeString | str:
        """Each layer: what it said, how long it took, its evidence."""
        if record.kind != Kind.DECISION:
            return "–"
        try:
            layers = read_decision(bytes(record.body)).decision.layers
        except RecordInvalid as error:
            return f"not readable: {visible(error)}"
        rows = [
            (one.layer, one.outcome, f"{one.nanos / 1000:.1f} µs", visible(map_text(one.evidence) or ""))
            for one in layers
        ]
        if not rows:
            return "–"
        body = format_html_join("", "<tr><th>{}</th><td>{}</td><td>{}</td><td><code>{}</code></td></tr>", rows)
        return format_html("<table>{}</table>", body)

    @admin.display(description="kept")
    def captured(self, record: TrailRecord) -> SafeString | str:
        """What was captured, and for who may open it the way there."""
        try:
            kept = kept_payload(record)
        except RecordInvalid as error:
            return f"not readable: {visible(error)}"
        if kept is None:
            return "nothing"
        capture = kept.capture
        if closed := why_closed(capture):
            return f"{kept.place}: {closed}."
        said = f"{kept.place}, {capture.level.value}, {capture.bytes} bytes as it came; sealed for auditors."
        if not record.payloads_shown:
            return said
        way = reverse("admin:payload", args=(record.pk,))
        return format_html('<p>{}</p><p><a class="button" href="{}">Open the payload</a></p>', said, way)

    @admin.display(description="opened by")
    def openings(self, record: TrailRecord) -> SafeString | str:
        """Who opened it, when and why, newest first."""
        if not record.openings_shown:
            return "[for auditors, operators and owners]"
        try:
            found = openings_of(record)
        except RecordInvalid as error:
            return f"not readable: {visible(error)}"
        rows = [
            (
                visible(one.by),
                f"{one.moment:%Y-%m-%d %H:%M} UTC",
                visible(one.door),
                "" if one.verified else ", but it did not verify",
                visible(one.reason),
            )
            for one in found
        ]
        if not rows:
            return "nobody"
        return format_html("<ul>{}</ul>", format_html_join("", "<li><strong>{}</strong>, {}, {}{}: {}</li>", rows))

    @admin.display(description="digest")
    def digest(self, record: TrailRecord) -> str:
        return bytes(record.leaf).hex()

    @admin.display(description="content")
    def content(self, record: TrailRecord) -> SafeString:
        """The record as written; sealed payloads stay sealed, and only who may open them gets their bytes."""
        content = record.content() if record.payloads_shown else without_payloads(record.content())
        text = json.dumps(content, indent=2, ensure_ascii=True)
        return format_html("<pre>{}</pre>", text)


for _name in ("code", "rule", *_WHO, *_BESIDE):
    setattr(TrailRecordAdmin, f"shown_{_name}", shown(_name))
