"""Collections of the draft and their objects: list, read, write, remove, and what happened to them."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from rest_framework.request import Request

from accounts.models.authored import Versioned
from accounts.selectors.history import history_of
from accounts.selectors.staff import scoped_rows
from governance.api.door.exchange import Problem
from governance.api.door.paging import limit_of
from governance.api.management.door.door import ManagementView
from governance.api.management.door.history import REASON, HistoryAnswer
from governance.api.management.door.pages import MOST_A_PAGE, QUERY, page
from governance.api.management.door.problems import not_found, refused_columns
from governance.api.management.objects.bodies import read_columns, split_body
from governance.api.management.objects.resources import Resource, keys_of_columns
from governance.models import Server
from governance.policy.tables.row_mapping import Form
from governance.services.authoring import objects as authoring


class ObjectsView(ManagementView):
    """What the views of one resource share."""

    resource: ClassVar[Resource]

    def reached(self, request: Request, action: str = "view") -> QuerySet[Any]:
        """The rows that the reader's grants reach. Raises `Problem` 403 where no grant gives the permission at all."""
        perm = self.resource.perm(action)
        self.require(request, perm)
        rows = self.resource.model._default_manager.all()
        scope = scoped_rows(self.user(request), perm, self.resource.model)
        return rows if scope is None else rows.filter(scope).distinct()

    def found(self, request: Request, key: str) -> Versioned:
        """The object of an id. Raises `Problem` 404."""
        if self.resource.single:
            self.reached(request)
            return self.resource.model.current()  # type: ignore[attr-defined, no-any-return]
        instance: Versioned | None = self.reached(request).filter(self.resource.lookup(key)).first()
        if instance is None:
            raise not_found()
        return instance

    def reason(self, request: Request) -> str:
        """Why, in the writer's words."""
        said = request._request.headers.get(REASON, "")
        if len(said) > 500:
            raise Problem(400, "header.value", "A reason has at most 500 characters.")
        return said

    def write(self, request: Request, instance: Versioned, columns: dict[str, Any], *, expected: int | None) -> None:
        """Set the columns and hand the row to the service."""
        for column, value in columns.items():
            setattr(instance, column, value)
        try:
            if instance._state.adding:
                authoring.create_object(actor=self.actor(request), instance=instance, reason=self.reason(request))
            else:
                authoring.update_object(
                    actor=self.actor(request),
                    instance=instance,
                    expected_revision=expected,
                    reason=self.reason(request),
                )
        except ValidationError as error:
            raise refused_columns(error, keys_of_columns(self.resource.home)) from None

    def answer(self, instance: Versioned, *, status: int = 200) -> HttpResponse:
        """The object, with its revision as ETag."""
        resource = self.resource
        shown: Any = resource.shown(instance)
        where = f"/api/v1/{resource.path}" + ("" if resource.single else f"/{resource.id_of(instance)}")
        return self.reply(
            shown, status=status, revision=shown["meta"]["revision"], location=where if status == 201 else ""
        )


class CollectionView(ObjectsView):
    """`GET` lists, `POST` adds."""

    def get(self, request: Request) -> HttpResponse:
        """What the reader's grants reach, a page at a time, oldest first."""
        query = self.query(request, {**QUERY, "q": ""})
        rows = self.reached(request)
        if query["q"]:
            rows = rows.filter(self._matching(query["q"]))
        return page(self, request, rows, self.resource.shown, query=query, about=self.resource.path)

    def post(self, request: Request) -> HttpResponse:
        """Keys are those of the policy file. It is part of the draft until a release is published."""
        self.require(request, self.resource.perm("add"))
        key, record, _ = split_body(self.resource, self.body(request), key=None)
        columns = read_columns(self.resource, key, record)
        ids = dict(zip(self.resource.home.ids, self.resource.identity(key), strict=False))
        if self.resource.home.form is Form.NESTED:
            self._require_server(request, ids["server_id"])
        instance = self.resource.model(**ids)
        if not self.resource.numbered and self.resource.model._default_manager.filter(self.resource.lookup(key)):
            raise Problem(409, "object.exists", f"There is a {self.resource.title} of this id.", path="/id")
        self.write(request, instance, columns, expected=None)
        return self.answer(instance, status=201)

    def _require_server(self, request: Request, slug: str) -> None:
        scope = scoped_rows(self.user(request), "governance.view_server", Server)
        if not Server.objects.filter(Q(slug=slug) & (scope or Q())).exists():
            raise Problem(400, "reference.unknown", "There is no such server.", path="/id")

    def _matching(self, text: str) -> Q:
        columns = {field.name for field in self.resource.model._meta.concrete_fields}
        found = Q(pk__in=())
        for column in ("slug", "name", "own_name", "server", "description", "secret", "entity"):
            if column in columns:
                found |= Q(**{f"{'server__slug' if column == 'server' and self._nested else column}__icontains": text})
        return found

    @property
    def _nested(self) -> bool:
        return self.resource.home.form is Form.NESTED


class SingleView(ObjectsView):
    """`GET` reads, `PUT` writes."""

    def get(self, request: Request, **at: str) -> HttpResponse:
        """With its version."""
        self.query(request, {})
        return self.answer(self.found(request, "/".join(at.values())))

    def put(self, request: Request, **at: str) -> HttpResponse:
        """The whole object anew: a key that is left out has its default.

        412 with both versions where somebody has changed it meanwhile.
        """
        key = "/".join(at.values())
        self.require(request, self.resource.perm("change"))
        _, record, meta = split_body(self.resource, self.body(request), key=key)
        expected = self.expected(request, meta)
        instance = self._writable(request, key)
        columns = read_columns(self.resource, key, record)
        if instance._state.adding and expected not in (None, 0):
            raise not_found()
        if not instance._state.adding and expected == 0:
            raise Problem(412, "object.changed", "Somebody has written it meanwhile.", current=instance.revision)
        self.write(request, instance, columns, expected=expected)
        return self.answer(instance)

    def _writable(self, request: Request, key: str) -> Versioned:
        """The object to write; a setting or a layer that nobody wrote down yet is made by writing it."""
        if self.resource.home.form is not Form.PARTS:
            return self.found(request, key)
        instance: Versioned | None = self.reached(request).filter(self.resource.lookup(key)).first()
        return instance if instance is not None else self.resource.model(**{self.resource.home.ids[0]: key})


class ObjectView(SingleView):
    """`DELETE` removes as well."""

    def delete(self, request: Request, **at: str) -> HttpResponse:
        """Out of the draft. 412 where somebody has changed it meanwhile."""
        self.require(request, self.resource.perm("delete"))
        expected = self.expected(request)
        instance = self.found(request, "/".join(at.values()))
        authoring.delete_object(
            actor=self.actor(request), instance=instance, expected_revision=expected, reason=self.reason(request)
        )
        return self.reply(None, status=204)


class HistoryView(ObjectsView):
    """`GET` tells what happened to one object, from the audit records."""

    def get(self, request: Request, **at: str) -> HttpResponse:
        """From the audit records, newest first; of a removed object too, for whom everything is in reach."""
        key = "/".join(at.values())
        self.require(request, "audit.view_history")
        limit = limit_of(self.query(request, {"limit": QUERY["limit"]})["limit"], most=MOST_A_PAGE)
        try:
            object_id = self.found(request, key).object_id
        except Problem as problem:
            everything = scoped_rows(self.user(request), self.resource.perm("view"), self.resource.model) is None
            if problem.status != 404 or not everything:
                raise
            object_id = key
        entries = history_of(model=str(self.resource.model._meta.label_lower), object_id=object_id, limit=limit)
        if not entries and not self.resource.single:
            self.found(request, key)
        return self.reply(HistoryAnswer.of({"items": entries}))
