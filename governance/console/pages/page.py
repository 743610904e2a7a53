"""What every page of the console shares: who may see it, the frame around it, and what a service refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.debug import sensitive_post_parameters

from accounts.models import User
from accounts.services.actor import Actor
from accounts.services.errors import ServiceError
from governance.selectors.policy_versions import ReleaseAltered
from governance.services.releasing.releases import PublishConflict

View: TypeAlias = Callable[..., HttpResponse]


class NeedsPermission(PermissionDenied):
    """A page that this person's grants do not open; `permission` would."""

    def __init__(self, permission: str) -> None:
        super().__init__(permission)
        self.permission = permission


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page: its place below the admin's root, its name in the navigation, and the permission that opens it.

    `listed` False: it is reached from other pages only.
    """

    path: str
    name: str
    title: str
    permission: str
    view: View
    listed: bool = True

    def opens_for(self, request: HttpRequest) -> bool:
        """Whether a grant, whatever its reach, lets this person see the page."""
        return isinstance(request.user, User) and request.user.has_perm(self.permission)

    def __call__(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        """Answer, for those who may see it; a traceback never shows what was sent.

        Where a page needs a release that is not what was signed, it says so and shows nothing that it says.
        """
        if not self.opens_for(request):
            raise NeedsPermission(self.permission)
        try:
            answer: HttpResponse = sensitive_post_parameters()(self.view)(request, **arguments)
        except ReleaseAltered as altered:
            return show(request, "console/altered.html", title=self.title, status=409, altered=altered)
        return answer


def person(request: HttpRequest) -> User:
    """Who is signed in."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def sees_all(request: HttpRequest, perm: str) -> bool:
    """Whether a grant for the whole installation gives `perm`: counts over everything are for these alone."""
    return any(grant.is_global and grant.gives(perm) for grant in person(request).live_grants())


def actor(request: HttpRequest) -> Actor:
    """Who makes a change through this request."""
    return Actor.person(person(request))


def show(request: HttpRequest, template: str, *, title: str, status: int = 200, **context: Any) -> TemplateResponse:
    """A page in the console's frame."""
    request.current_app = admin.site.name
    framed = {**admin.site.each_context(request), "title": title, **context}
    return TemplateResponse(request, template, framed, status=status)


@contextmanager
def refusals_told(request: HttpRequest, *also: type[Exception]) -> Iterator[None]:
    """Say on the page why a service did nothing, instead of failing. `also`: further refusals of the service."""
    try:
        yield
    except PublishConflict:
        raise  # it has a page of its own
    except ValidationError as refusal:
        messages.error(request, f"Nothing was done. {' '.join(refusal.messages)}")
    except Exception as refusal:
        if not isinstance(refusal, (ServiceError, *also)):
            raise
        messages.error(request, f"Nothing was done: {str(refusal).rstrip('.')}.")
