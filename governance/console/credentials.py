"""Credentials that people paste into the console: looked for by the policy in force, never put into a page again."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.contrib.admin.forms import AdminAuthenticationForm
from django.forms import Textarea, TextInput
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from governance.deciding import startup
from governance.engine.call import Json
from governance.engine.detection.finding import Scan

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def scanned(value: Json) -> Scan | None:
    """What this process's detectors find in a value; None where the process decides nothing and so has none."""
    try:
        scanner = startup.current().snapshot.scanner
    except RuntimeError:
        return None
    return scanner.scan(value)


def holds_any(value: Json) -> bool:
    """Whether a credential is in it, or it could not be looked through."""
    scan = scanned(value)
    return scan is not None and (bool(scan.findings) or not scan.complete)


def refuse_in_address(request: HttpRequest) -> HttpResponse | None:
    """A page is not asked for by a credential: without its query, or not at all where the path holds one.

    Addresses go into histories, bookmarks and links; a page repeats its own in filters and in its search box.
    """
    texts: list[Json] = [text for name, values in request.GET.lists() for text in (name, *values)]
    if texts and holds_any({"query": texts}):
        return redirect(request.path)
    steps: list[Json] = [*request.path.split("/")]
    if holds_any({"path": steps}):
        raise Http404
    return None


def without_credentials_in_address(view: View) -> View:
    """The view, asked before anything else whether its address may be repeated."""

    @wraps(view)
    def asked(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        refused = refuse_in_address(request)
        return refused if refused is not None else view(request, *args, **kwargs)

    # `wraps` does not say that what it makes takes what the view takes.
    return cast(View, asked)


class Unrepeated(TextInput):
    """A box whose content is never put back: people type passwords where names belong."""

    def format_value(self, value: Any) -> str | None:
        return None


class UnrepeatedText(Textarea):
    """The same for a few lines of a person's own words."""

    def format_value(self, value: Any) -> str | None:
        return None


NOT_RIGHT = (
    "This name and password are not right, or not those of staff. After several attempts none is looked at for a "
    "while, right ones included: wait a few minutes."
)


class SignInForm(AdminAuthenticationForm):
    """The sign-in form; after a failure both boxes are empty, and what it says is the same whatever was wrong."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.error_messages = {**self.error_messages, "invalid_login": NOT_RIGHT}
        old = self.fields["username"].widget
        self.fields["username"].widget = Unrepeated(attrs=old.attrs)
