"""The policy that a query names: the draft, what is in force, or a release."""

from __future__ import annotations

from governance.api.door.exchange import Problem
from governance.engine.document.policy import PolicyDocument
from governance.selectors.policy_versions import policy_version, reference_of


def document_of(said: str) -> PolicyDocument:
    """The document of `draft`, `current` or a release's number. Raises `Problem`, and as `policy_version`."""
    reference = reference_of(said)
    if reference is None:
        raise Problem(400, "query.value", "`draft`, `current`, or the number of a release.", path="?from")
    return policy_version(reference).document
