"""What lint of a stored policy knows beside its document: who there is, and which rules matched no call."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db import Error as DatabaseError
from django.db import transaction

from audit.trace.rule_use import RuleUses, rule_uses
from governance.engine.document.policy import PolicyDocument
from governance.engine.document.rules import RuleFields
from governance.policy.document.moments import seconds
from governance.policy.lint.linter import Known
from governance.selectors.directory_now import directory_now
from governance.selectors.past import release_at
from governance.selectors.policy_versions import ReleaseAltered, newest_version, release_version

SPANS = (90, 30)
"""Days for which a rule may have matched nothing; the longest that holds is told."""


def known_beside(document: PolicyDocument, *, now: float) -> Known:
    """What is known of a policy at `now` (seconds UTC).

    A rule is told as unused only where it stood the same in the release of that time and stands so in the newest,
    and where uses were counted all the while. Where they cannot be read, that is told instead.
    """
    principals = directory_now().principals
    try:
        with transaction.atomic():
            return Known(principals=principals, idle=_idle(document, rule_uses(), now))
    except (DatabaseError, ReleaseAltered) as error:
        problem = f"which rules are unused cannot be told: {str(error).strip().splitlines()[0]}"
        return Known(principals=principals, idle_problem=problem)


def _idle(document: PolicyDocument, uses: RuleUses, now: float) -> dict[str, int]:
    rules = _rules(document)
    newest = _rules(newest_version().document)
    found: dict[str, int] = {}
    for days in SPANS:
        since = datetime.fromtimestamp(now, UTC) - timedelta(days=days)
        number = release_at(since.timestamp())
        then = {} if number is None or since < uses.since else _rules(release_version(number).document)
        for name, rule in rules.items():
            stood = then.get(name) == newest.get(name) == rule and _in_force(rule, since.timestamp(), now)
            if name not in found and stood and uses.idle(name, since=since):
                found[name] = days
    return found


def _rules(document: PolicyDocument) -> dict[str, RuleFields]:
    return {rule["id"]: rule for rule in document.get("rules", ())}


def _in_force(rule: RuleFields, since: float, now: float) -> bool:
    began = "valid_from" not in rule or seconds(rule["valid_from"]) <= since
    return began and ("valid_until" not in rule or seconds(rule["valid_until"]) > now)
