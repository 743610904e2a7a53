"""People and service accounts over the API: in force at once, no part of a release."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from rest_framework.request import Request

from accounts.models import User
from accounts.selectors.history import history_of
from accounts.selectors.staff import scoped_rows
from accounts.services import directory
from governance.api.door.exchange import Problem
from governance.api.management.door.documents import IF_MATCH, PAGED, documented, in_query
from governance.api.management.door.door import ManagementView
from governance.api.management.door.history import REASON, HistoryAnswer
from governance.api.management.door.pages import QUERY, page, row_of
from governance.api.management.door.problems import refused_columns
from governance.api.management.door.serializers import page_answer
from governance.api.management.door.versions import META
from governance.api.management.people.answers import SignedOutAnswer, UserAnswer
from governance.api.management.people.bodies import KeptUserBody, SignOutBody, UserBody

USER_KEYS = {"username": "id"}


class PeopleView(ManagementView):
    """What the routes of accounts share."""

    def rows(self, request: Request) -> QuerySet[User]:
        """The accounts that the reader's grants reach."""
        self.require(request, "accounts.view_user")
        scope = scoped_rows(self.user(request), "accounts.view_user", User)
        return User.objects.select_related("owner").filter(scope or Q())

    def handle_exception(self, exc: Exception) -> Any:
        """What the model refuses, at the keys of the API."""
        refused = refused_columns(exc, USER_KEYS) if isinstance(exc, ValidationError) else exc
        return super().handle_exception(refused)

    def answer(self, user: User, *, status: int = 200) -> HttpResponse:
        """The account, with its revision as ETag."""
        location = f"/api/v1/users/{user.username}" if status == 201 else ""
        return self.reply(UserAnswer.of(user), status=status, revision=user.revision, location=location)

    def reason(self, request: Request) -> str:
        """Why, in the writer's words."""
        return request._request.headers.get(REASON, "")[:500]


class UsersView(PeopleView):
    """Every account, and a new one."""

    @documented(
        "users_list",
        "Accounts",
        page_answer(UserAnswer),
        parameters=(*PAGED, in_query("q", "Only those whose name holds this text.")),
    )
    def get(self, request: Request) -> HttpResponse:
        """Those that the reader's grants reach, oldest first."""
        query = self.query(request, {**QUERY, "q": ""})
        rows = self.rows(request)
        if query["q"]:
            rows = rows.filter(Q(username__icontains=query["q"]) | Q(name__icontains=query["q"]))
        return page(self, request, rows, UserAnswer.of, query=query, about="users")

    @documented("users_create", "Add an account", UserAnswer, 409, body=UserBody, status=201)
    def post(self, request: Request) -> HttpResponse:
        """It has no password: that is set in the console."""
        self.require(request, "accounts.add_user")
        said = UserBody.read(self.body(request))
        if User.objects.filter(username=said["username"]).exists():
            raise Problem(409, "object.exists", "There is an account of this name.", path="/id")
        user = User(**said)
        directory.create_user(actor=self.actor(request), user=user, reason=self.reason(request))
        return self.answer(user, status=201)


class UserView(PeopleView):
    """One account."""

    @documented("users_read", "One account", UserAnswer, 404)
    def get(self, request: Request, key: str) -> HttpResponse:
        """Without anything secret."""
        self.query(request, {})
        return self.answer(row_of(self.rows(request), username=key))

    @documented(
        "users_write",
        "Write an account anew",
        UserAnswer,
        404,
        409,
        412,
        428,
        body=KeptUserBody,
        parameters=(IF_MATCH,),
    )
    def put(self, request: Request, key: str) -> HttpResponse:
        """Accounts are never removed: records name them. Set `status` instead.

        Tokens of before are refused where its rights change.
        """
        self.require(request, "accounts.change_user")
        body = self.body(request)
        if body.get("id", key) != key:
            raise Problem(
                400, "field.value", "The id cannot be changed: rules, tokens and records name it.", path="/id"
            )
        expected = self.expected(request, body.get(META))
        user = row_of(self.rows(request), username=key)
        for name, value in KeptUserBody.read(body).items():
            setattr(user, name, value)
        directory.update_user(
            actor=self.actor(request), user=user, expected_revision=expected, reason=self.reason(request)
        )
        return self.answer(user)


class SignOutView(PeopleView):
    """The end of an account's tokens."""

    @documented("users_sign_out", "Refuse every token of before now", SignedOutAnswer, 404, 409, body=SignOutBody)
    def post(self, request: Request, key: str) -> HttpResponse:
        """Every token of the account that was issued before now."""
        self.require(request, "accounts.change_user")
        body = self.body(request)
        user = row_of(self.rows(request), username=key)
        epoch = directory.raise_epoch(actor=self.actor(request), user=user, **SignOutBody.read(body))
        return self.reply({"epoch": epoch})


class UserHistoryView(PeopleView):
    """What happened to an account."""

    @documented("users_history", "What happened to an account", HistoryAnswer, 404)
    def get(self, request: Request, key: str) -> HttpResponse:
        """From the audit records, newest first."""
        self.require(request, "audit.view_history")
        self.query(request, {})
        user = row_of(self.rows(request), username=key)
        return self.reply(HistoryAnswer.of({"items": history_of(model="accounts.user", object_id=user.object_id)}))
