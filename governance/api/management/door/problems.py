"""What services and frameworks raise, as problem details: translated once, here."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, ValidationError
from django.db import DataError, IntegrityError
from django.http import Http404
from rest_framework import exceptions

from accounts.services.errors import Conflict, NotPermitted, ServiceError
from governance.api.door.exchange import Problem
from governance.engine.strict_json import pointer
from governance.policy.document.errors import PolicyError, PolicyErrors
from governance.selectors.policy_versions import ReleaseAltered
from governance.services.payloads import NOT_HERE, PayloadRefused, RecordUnknown
from governance.services.releasing.publish import TestsFailed
from governance.services.releasing.releases import PublishConflict
from governance.services.switches import SwitchRefused, TargetUnknown

MOST_ERRORS = 1_000
_STEP = re.compile(r'\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]|\.?([^.\[]+)')


def problem_of(error: BaseException) -> Problem | None:
    """The problem that an exception stands for; None for one that nobody foresaw."""
    match error:
        case Problem():
            return error
        case NotPermitted():
            return Problem(403, "permission.missing", f"{error}.", permission=error.perm)
        case Conflict():
            return _conflict(error)
        case PolicyErrors():
            return invalid(error.errors)
        case ValidationError():
            return refused_columns(error, {})
        case TargetUnknown():
            return Problem(409, "switch.unknown", f"{error}.", path="/target", nearest=list(error.nearest))
        case SwitchRefused():
            return Problem(409, "switch.refused", f"{error}.")
        case TestsFailed():
            failing: Any = [result.line() for result in error.failing]
            return Problem(409, "tests.failing", str(error), failing_tests=failing)
        case ReleaseAltered():
            return Problem(409, "release.altered", f"{error}.")
        case PublishConflict():
            return Problem(
                409, "release.conflict", str(error), expected=error.expected, current=error.current, by=error.author
            )
        case RecordUnknown():
            return not_found()
        case PayloadRefused():
            return Problem(503 if error.code in NOT_HERE else 409, error.code, f"{error}.")
        case ServiceError():
            return Problem(409, "request.refused", str(error))
        case IntegrityError():
            return Problem(409, "object.conflict", "This contradicts what is stored: it exists, or is in use.")
        case DataError() | RequestDataTooBig():
            return Problem(400, "field.value", "A value is too large to be stored.")
        case Http404():
            return not_found()
        case PermissionDenied():
            return Problem(403, "permission.missing", "This is not permitted.")
        case exceptions.MethodNotAllowed():
            return Problem(405, "method.unknown", str(error.detail))
        case exceptions.APIException():
            return Problem(error.status_code, "request.refused", str(error.detail))
    return None


def not_found() -> Problem:
    """What is not there and what the reader's grants do not reach answer alike."""
    return Problem(404, "object.unknown", "There is no such object, or no grant of yours reaches it.")


def invalid(errors: Iterable[PolicyError]) -> Problem:
    """Everything that is wrong with what was sent, by JSON pointer."""
    said = [{"path": pointer_of(error.path), "message": error.message} for error in islice(errors, MOST_ERRORS)]
    first = said[0]
    return Problem(400, "policy.invalid", first["message"], path=first["path"], errors=said)  # type: ignore[arg-type]


def refused_columns(error: ValidationError, keys: Mapping[str, str]) -> Problem:
    """What a model refused, by JSON pointer; `keys` names the policy's key of a column."""
    found = error.error_dict if hasattr(error, "error_dict") else {"__all__": error.error_list}
    said: list[Any] = []
    taken = False
    for column, faults in found.items():
        path = "" if column == "__all__" else pointer("", keys.get(column, column))
        for fault in faults:
            taken |= fault.code in ("unique", "unique_together")
            said += [{"path": path, "message": message} for message in fault.messages]
    code, status = ("object.exists", 409) if taken else ("object.invalid", 400)
    return Problem(status, code, said[0]["message"], path=said[0]["path"], errors=said)


def pointer_of(path: str) -> str:
    """A policy path (`subjects.roles[0]`) as a JSON pointer (`/subjects/roles/0`)."""
    steps = (index or (json.loads(quoted) if quoted else name) for index, quoted, name in _STEP.findall(path))
    found = ""
    for step in steps:
        found = pointer(found, step)
    return found


def _conflict(error: Conflict) -> Problem:
    if error.theirs is None:
        return Problem(409, "object.gone", f"{error}.")
    return Problem(
        412,
        "object.changed",
        f"{error}.",
        expected=error.expected,
        current=error.current,
        by=error.by,
        fields=list(error.fields),
        yours=dict(error.yours),
        theirs=dict(error.theirs),
    )
