"""People, service accounts and staff roles over the API: in force at once, no part of a release."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from rest_framework.request import Request

from accounts.models import ScopeKind, StaffGrant, StaffRole, Status, User, UserKind
from accounts.models.slug import RateTier, TierChoice
from accounts.selectors.history import history_of
from accounts.selectors.staff import scoped_rows
from accounts.services import directory
from governance.api.door.body import field, only_known
from governance.api.door.exchange import Problem
from governance.api.door.shapes import listed, nullable, record, text
from governance.api.management.authoring.draft import words
from governance.api.management.authoring.objects import REASON, shown_entry
from governance.api.management.authoring.routes import route
from governance.api.management.documents import (
    ENTRY,
    IF_MATCH,
    PAGED,
    VERSION,
    answers,
    documented,
    in_path,
    in_query,
    page_shape,
)
from governance.api.management.door.door import ManagementView, running
from governance.api.management.door.pages import QUERY, page_of
from governance.api.management.door.problems import not_found, refused_columns
from governance.api.management.resources import META, NUMBER
from governance.engine.moment import moment
from governance.engine.normalise.names import SLUG
from governance.policy.document.moments import moment as read_moment
from governance.policy.tables.row_mapping import column_default

TEXTS = ("name", "email", "kind", "status", "tier", "rate_tier")
SETS = ("roles", "groups", "departments")
MOST_HELD = 256
USER_KEYS = {"username": "id"}


class PeopleView(ManagementView):
    """What the routes of accounts share."""

    def rows(self, request: Request) -> QuerySet[User]:
        """The accounts that the reader's grants reach."""
        self.require(request, "accounts.view_user")
        scope = scoped_rows(self.user(request), "accounts.view_user", User)
        return User.objects.select_related("owner").filter(scope or Q())

    def found(self, request: Request, key: str) -> User:
        """One account. Raises `Problem` 404."""
        user = self.rows(request).filter(username=key).first()
        if user is None:
            raise not_found()
        return user

    def list_people(self, request: Request) -> HttpResponse:
        """One page of accounts."""
        query = self.query(request, {**QUERY, "q": ""})
        rows = self.rows(request)
        if query["q"]:
            rows = rows.filter(Q(username__icontains=query["q"]) | Q(name__icontains=query["q"]))
        found, after = page_of(rows, runtime=running(), identity=self.identity(request), query=query, about=["users"])
        return self.reply({"items": [shown_user(user) for user in found], "next": after})

    def add(self, request: Request) -> HttpResponse:
        """A new account. It has no password: that is set in the console."""
        self.require(request, "accounts.add_user")
        body = self.body(request)
        only_known(body, _WRITTEN)
        name = words(body, "id", most=64)
        if User.objects.filter(username=name).exists():
            raise Problem(409, "object.exists", "There is an account of this name.", path="/id")
        user = _filled(User(username=name), body)
        _tried(lambda: directory.create_user(actor=self.actor(request), user=user, reason=self._reason(request)))
        return self._answer(user, status=201)

    def read(self, request: Request, key: str) -> HttpResponse:
        """One account."""
        self.query(request, {})
        return self._answer(self.found(request, key))

    def write(self, request: Request, key: str) -> HttpResponse:
        """The whole account anew; tokens of before are refused where its rights change."""
        self.require(request, "accounts.change_user")
        body = self.body(request)
        only_known(body, _WRITTEN)
        if body.get("id", key) != key:
            raise Problem(
                400, "field.value", "The id cannot be changed: rules, tokens and records name it.", path="/id"
            )
        expected = self.expected(request, body.get(META))
        user = _filled(self.found(request, key), body)
        _tried(
            lambda: directory.update_user(
                actor=self.actor(request), user=user, expected_revision=expected, reason=self._reason(request)
            )
        )
        return self._answer(user)

    def sign_out(self, request: Request, key: str) -> HttpResponse:
        """Refuse every token of the account that was issued before now."""
        self.require(request, "accounts.change_user")
        body = self.body(request)
        only_known(body, frozenset({"reason"}))
        user = self.found(request, key)
        epoch = directory.raise_epoch(actor=self.actor(request), user=user, reason=words(body, "reason", most=500))
        return self.reply({"epoch": epoch})

    def history(self, request: Request, key: str) -> HttpResponse:
        """What happened to the account."""
        self.require(request, "audit.view_history")
        self.query(request, {})
        entries = history_of(model="accounts.user", object_id=self.found(request, key).object_id)
        return self.reply({"items": [shown_entry(entry) for entry in entries]})

    def _answer(self, user: User, *, status: int = 200) -> HttpResponse:
        location = f"/api/v1/users/{user.username}" if status == 201 else ""
        return self.reply(shown_user(user), status=status, revision=user.revision, location=location)

    def _reason(self, request: Request) -> str:
        return request._request.headers.get(REASON, "")[:500]


class GrantView(ManagementView):
    """What the routes of staff roles share."""

    def list_grants(self, request: Request) -> HttpResponse:
        """Every staff role that anybody holds."""
        self.require(request, "accounts.view_staffgrant")
        rows, after = page_of(
            StaffGrant.objects.select_related("user", "stand_in_for"),
            runtime=running(),
            identity=self.identity(request),
            query=self.query(request, QUERY),
            about=["staff-grants"],
        )
        return self.reply({"items": [shown_grant(grant) for grant in rows], "next": after})

    def add(self, request: Request) -> HttpResponse:
        """Give somebody a staff role."""
        self.require(request, "accounts.add_staffgrant")
        body = self.body(request)
        only_known(body, _GRANTED)
        grant = StaffGrant(
            user=_somebody(body, "user"),
            role=words(body, "role", most=16),
            scope_kind=words(body, "scope_kind", most=16, default=ScopeKind.GLOBAL.value),
            scope=words(body, "scope", most=64, default=""),
            valid_until=_until(body),
            stand_in_for=_somebody(body, "stand_in_for") if body.get("stand_in_for") is not None else None,
            reason=words(body, "reason", most=500),
        )
        _tried(lambda: directory.grant_role(actor=self.actor(request), grant=grant))
        return self.reply(shown_grant(grant), status=201, location=f"/api/v1/staff-grants/{grant.pk}")

    def remove(self, request: Request, key: str) -> HttpResponse:
        """Take a staff role away; the last owner stays."""
        self.require(request, "accounts.delete_staffgrant")
        grant = StaffGrant.objects.filter(pk=int(key)).first()
        if grant is None:
            raise not_found()
        _tried(lambda: directory.revoke_grant(actor=self.actor(request), grant=grant))
        return self.reply(None, status=204)


def shown_user(user: User) -> dict[str, Any]:
    """An account, without anything secret."""
    return {
        "id": user.username,
        **{name: str(getattr(user, name)) for name in TEXTS},
        "owner": user.owner.username if user.owner is not None else None,
        **{name: list(getattr(user, name)) for name in SETS},
        "epoch": user.epoch,
        META: {
            "revision": user.revision,
            "updated_at": moment(user.updated_at.timestamp()),
            "updated_by": user.updated_by,
        },
    }


def shown_grant(grant: StaffGrant) -> dict[str, Any]:
    """A staff role that somebody holds."""
    return {
        "id": grant.pk,
        "user": grant.user.username,
        "role": grant.role,
        "scope_kind": grant.scope_kind,
        "scope": grant.scope,
        "valid_until": moment(grant.valid_until.timestamp()) if grant.valid_until is not None else None,
        "stand_in_for": grant.stand_in_for.username if grant.stand_in_for is not None else None,
        "reason": grant.reason,
        "granted_by": grant.granted_by,
    }


def _filled(user: User, body: dict[str, Any]) -> User:
    for name in TEXTS:
        setattr(user, name, words(body, name, most=254, default=column_default(User, name)))
    for name in SETS:
        held = field(body, name, list, default=[])
        if len(held) > MOST_HELD or not all(isinstance(item, str) and "\x00" not in item for item in held):
            raise Problem(400, "field.type", f"At most {MOST_HELD} ids.", path=f"/{name}")
        setattr(user, name, held)
    user.owner = _somebody(body, "owner") if body.get("owner") is not None else None
    return user


def _somebody(body: dict[str, Any], key: str) -> User:
    found = User.objects.filter(username=words(body, key, most=64)).first()
    if found is None:
        raise Problem(400, "reference.unknown", "There is no such account.", path=f"/{key}")
    return found


def _until(body: dict[str, Any]) -> Any:
    if body.get("valid_until") is None:
        return None
    try:
        return read_moment(field(body, "valid_until", str))
    except ValueError:
        raise Problem(400, "field.format", "Must be a timestamp.", path="/valid_until") from None


def _tried(write: Any) -> None:
    try:
        write()
    except ValidationError as error:
        raise refused_columns(error, USER_KEYS) from None


_WRITTEN = frozenset({"id", *TEXTS, "owner", *SETS, META})
_GRANTED = frozenset({"user", "role", "scope_kind", "scope", "valid_until", "stand_in_for", "reason"})
_ID = text(pattern=f"^{SLUG}$")
_HELD = {
    "name": text(maxLength=200),
    "email": text(maxLength=254),
    "kind": text(enum=list(UserKind.values)),
    "status": text(enum=list(Status.values)),
    "tier": text(enum=list(TierChoice.values)),
    "rate_tier": text(enum=["", *RateTier.values]),
    "owner": nullable(_ID),
    **{name: listed(_ID, maxItems=MOST_HELD) for name in SETS},
}
USER = record({"id": _ID, **_HELD, "epoch": {"type": "integer"}, META: VERSION})
_META = record({"revision": VERSION["properties"]["revision"]}, required=[], closed=False)
_WRITE = record({"id": _ID, **_HELD, META: _META}, required=[])
_ADD = record({"id": _ID, **_HELD, META: _META}, required=["id"])
GRANT = record(
    {
        "id": {"type": "integer"},
        "user": text(),
        "role": text(enum=list(StaffRole.values)),
        "scope_kind": text(enum=list(ScopeKind.values)),
        "scope": text(),
        "valid_until": nullable(text(format="date-time")),
        "stand_in_for": nullable(text()),
        "reason": text(),
        "granted_by": text(),
    }
)
_GRANT = record(
    {
        "user": _ID,
        "role": text(enum=list(StaffRole.values)),
        "scope_kind": text(enum=list(ScopeKind.values)),
        "scope": text(maxLength=64),
        "valid_until": nullable(text(format="date-time")),
        "stand_in_for": nullable(_ID),
        "reason": text(minLength=1, maxLength=500),
    },
    required=["user", "role", "reason"],
)
_USER_KEY = (in_path("key", SLUG, "The account's name."),)
_GRANT_KEY = (in_path("key", NUMBER, "Its number."),)


def _page(call: Any, id: str, summary: str, responses: Any, **more: Any) -> Any:
    return documented(call, id=id, summary=summary, tag=id.partition("_")[0], responses=responses, **more)


people_routes = [
    route(
        "users",
        "users",
        PeopleView,
        {
            "get": _page(
                lambda self, request: self.list_people(request),
                "users_list",
                "Accounts",
                answers(page_shape(USER)),
                parameters=(*PAGED, in_query("q", "Only those whose name holds this text.")),
            ),
            "post": _page(
                lambda self, request: self.add(request),
                "users_create",
                "Add an account",
                answers(USER, 409, 413, 415, status=201),
                request=_ADD,
            ),
        },
    ),
    route(
        f"users/(?P<key>{SLUG})/history",
        "user-history",
        PeopleView,
        {
            "get": _page(
                lambda self, request, key: self.history(request, key),
                "users_history",
                "What happened to an account",
                answers(record({"items": listed(ENTRY)}), 404),
                parameters=_USER_KEY,
            )
        },
    ),
    route(
        f"users/(?P<key>{SLUG})/sign-out",
        "user-sign-out",
        PeopleView,
        {
            "post": _page(
                lambda self, request, key: self.sign_out(request, key),
                "users_sign_out",
                "Refuse every token of before now",
                answers(record({"epoch": {"type": "integer"}}), 404, 409, 413, 415),
                request=record({"reason": text(maxLength=500)}),
                parameters=_USER_KEY,
            )
        },
    ),
    route(
        f"users/(?P<key>{SLUG})",
        "user",
        PeopleView,
        {
            "get": _page(
                lambda self, request, key: self.read(request, key),
                "users_read",
                "One account",
                answers(USER, 404),
                parameters=_USER_KEY,
            ),
            "put": _page(
                lambda self, request, key: self.write(request, key),
                "users_write",
                "Write an account anew",
                answers(USER, 404, 409, 412, 413, 415, 428),
                request=_WRITE,
                parameters=(*_USER_KEY, IF_MATCH),
                description="Accounts are never removed: records name them. Set `status` instead.",
            ),
        },
    ),
    route(
        "staff-grants",
        "staff-grants",
        GrantView,
        {
            "get": _page(
                lambda self, request: self.list_grants(request),
                "staff-grants_list",
                "Staff roles that people hold",
                answers(page_shape(GRANT)),
                parameters=PAGED,
            ),
            "post": _page(
                lambda self, request: self.add(request),
                "staff-grants_create",
                "Give somebody a staff role",
                answers(GRANT, 409, 413, 415, status=201),
                request=_GRANT,
            ),
        },
    ),
    route(
        f"staff-grants/(?P<key>{NUMBER})",
        "staff-grant",
        GrantView,
        {
            "delete": _page(
                lambda self, request, key: self.remove(request, key),
                "staff-grants_remove",
                "Take a staff role away",
                answers(None, 404, 409, status=204),
                parameters=_GRANT_KEY,
            )
        },
    ),
]
