"""A running process takes up what is published and stopped within half a second, and believes only what is signed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from accounts.models import User
from audit.writing.journal import Journal
from governance.deciding import keys, startup
from governance.models import Release, Rule, Switch
from governance.models.releases.switch import SwitchScope
from governance.services.authoring.objects import update_object
from governance.services.releasing.publish import publish_draft, roll_back
from governance.services.switches import lift_switch, set_on_this_host, set_switch
from tests.governance.services.policies import COMMAND, person, policy, published
from tests.governance.services.running import Running, seconds_until

IN_FORCE = 0.5  # seconds, as 20-policy.md promises

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def alarms(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The codes of alarms that are raised, beside being raised."""
    told: list[str] = []
    raised = startup.alarm

    def alarm(code: str, detail: Any) -> None:
        told.append(code)
        raised(code, detail)

    monkeypatch.setattr(startup, "alarm", alarm)
    return told


@pytest.fixture
def process(alarms: list[str]) -> Iterator[Running]:
    """A running process in which a policy of three rules is in force."""
    User.objects.create_user("ann", roles=["analyst"])
    published(policy(rules=3))
    with Running() as running:
        yield running


def test_a_changed_rule_changes_the_answer_within_half_a_second(process: Running) -> None:
    assert process.ask("t0").effect == "allow"
    rule = Rule.objects.get(slug="rule-00000")
    rule.effect, revision = "deny", rule.revision
    update_object(actor=COMMAND, instance=rule, expected_revision=revision, reason="An incident")
    assert process.ask("t0").effect == "allow"
    publish_draft(actor=COMMAND, message="Stop t0", at_once=True)
    took = seconds_until(lambda: process.ask("t0").effect == "deny", within=IN_FORCE)
    assert process.ask("t0").code == "rule.deny"
    roll_back(actor=COMMAND, number=1, at_once=True)
    back = seconds_until(lambda: process.ask("t0").effect == "allow", within=IN_FORCE)
    assert max(took, back) < IN_FORCE


def test_a_release_of_a_thousand_rules_is_in_force_within_half_a_second(process: Running) -> None:
    published(policy(rules=1_000))
    took = seconds_until(lambda: process.runtime.snapshot.release == 2, within=IN_FORCE)
    assert took < IN_FORCE
    assert len(process.runtime.snapshot.document["rules"]) == 1_000


def test_a_kill_switch_holds_within_half_a_second_and_is_lifted_as_fast(process: Running) -> None:
    operator = person("operator")
    switch = set_switch(
        actor=operator, scope=SwitchScope.TOOL, target="files/t0", reason="An incident", macs=keys.state_macs()
    )
    seconds_until(lambda: process.ask("t0").code == "kill_switch.on", within=IN_FORCE)
    assert process.ask("t1", amount=0).code != "kill_switch.on"
    lift_switch(actor=operator, switch_id=switch.pk, reason="It is over", macs=keys.state_macs())
    seconds_until(lambda: process.ask("t0").effect == "allow", within=IN_FORCE)


def test_a_switch_file_on_this_host_stops_calls_within_half_a_second(process: Running, own_var: Path) -> None:
    path = set_on_this_host(
        scope=SwitchScope.ALL, target="", reason="The database is away", until=None, drill=False, set_by="root",
        folder=own_var / "kill", macs=keys.state_macs(), now=datetime.now(tz=UTC),
    )  # fmt: skip
    seconds_until(lambda: process.ask("t0").code == "kill_switch.on", within=IN_FORCE)
    path.unlink()
    seconds_until(lambda: process.ask("t0").effect == "allow", within=IN_FORCE)


@pytest.mark.parametrize("also_digest", [False, True], ids=["document", "document and digest"])
def test_an_altered_release_is_refused_and_the_last_good_one_stays(
    process: Running, alarms: list[str], also_digest: bool
) -> None:
    release = Release.objects.get(number=1)
    document = json.loads(bytes(release.document))
    document["rules"][2]["effect"] = "allow"
    body = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    digest = hashlib.sha256(body).hexdigest() if also_digest else release.digest
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            "INSERT INTO governance_release (number, kind, document, digest, signature, key_id, author, approver,"
            " message, override_reason, rule_count, draft_revision, created_at)"
            " SELECT 2, kind, %s, %s, signature, key_id, author, approver, message, override_reason, rule_count,"
            " draft_revision, now() FROM governance_release WHERE number = 1",
            [body, digest],
        )
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("NOTIFY toolgate_release, '2'")
    seconds_until(lambda: "release.refused" in alarms, within=2.0)
    assert process.runtime.snapshot.release == 1
    assert process.ask("t2").effect == "deny"
    assert process.ask("t0").effect == "allow"


def test_a_release_that_is_altered_in_place_is_an_alarm_and_stays_as_it_was(
    process: Running, alarms: list[str]
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE governance_release SET document = %s WHERE number = 1", [b'{"toolgate":1}'])
        cursor.execute("SET session_replication_role = DEFAULT")
    seconds_until(lambda: "release.refused" in alarms, within=2.0)
    assert process.ask("t0").effect == "allow"


def test_a_release_that_is_taken_away_is_an_alarm_and_stays_in_force(process: Running, alarms: list[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE governance_releaseproposal SET release_id = NULL")
        cursor.execute("DELETE FROM governance_release")
        cursor.execute("SET session_replication_role = DEFAULT")
    seconds_until(lambda: "release.backwards" in alarms, within=2.0)
    assert process.ask("t0").effect == "allow"


@pytest.mark.parametrize(
    "altered",
    [
        "UPDATE governance_switch SET lifted_at = now(), lifted_by = 'x', lift_reason = 'x'",
        "UPDATE governance_switch SET until = now() + interval '1 second'",
        "UPDATE governance_switch SET target = 'files/t9'",
        "DELETE FROM governance_switch",
    ],
    ids=["lifted", "shortened", "elsewhere", "removed"],
)
def test_a_switch_that_was_altered_in_the_database_still_holds(
    process: Running, alarms: list[str], altered: str
) -> None:
    set_switch(actor=COMMAND, scope=SwitchScope.TOOL, target="files/t0", reason="Stop", macs=keys.state_macs())
    seconds_until(lambda: process.ask("t0").code == "kill_switch.on", within=IN_FORCE)
    with connection.cursor() as cursor:
        cursor.execute(altered)
        cursor.execute("NOTIFY toolgate_switch")
    seconds_until(lambda: "switch.tampered" in alarms, within=3.0)
    assert process.ask("t0").code == "kill_switch.on"
    assert Switch.objects.filter(lifted_by="operator").count() == 0


def test_an_alarm_is_recorded_in_the_journal(
    process: Running, alarms: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded: list[Any] = []
    append = Journal.append

    def noted(self: Journal, made: Any) -> Any:
        recorded.append(made.data.get("code"))
        return append(self, made)

    monkeypatch.setattr(Journal, "append", noted)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE governance_releaseproposal SET release_id = NULL")
        cursor.execute("DELETE FROM governance_release")
        cursor.execute("SET session_replication_role = DEFAULT")
    seconds_until(lambda: "release.backwards" in recorded, within=2.0)
