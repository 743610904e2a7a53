"""Kill switches: one sets, lifting everything takes two, drills, and a host whose database is away."""

from __future__ import annotations

import io
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.utils import OperationalError

from accounts.models import User
from accounts.services.actor import Actor
from accounts.services.errors import NotPermitted
from governance.deciding import keys
from governance.deciding.following.switchboard import kill_files, read_kill_files
from governance.engine.world import Switch as EngineSwitch
from governance.engine.world import SwitchKind
from governance.management.commands import kill
from governance.models import Switch
from governance.models.releases.switch import SwitchScope
from governance.selectors import policy_versions
from governance.selectors.policy_versions import ReleaseAltered
from governance.selectors.switch_targets import SwitchTargets, denied_lately
from governance.selectors.switches import live_switches
from governance.services.authoring.draft import replace_draft
from governance.services.switches import (
    SwitchRefused,
    TargetUnknown,
    lift_switch,
    parse_target,
    reconcile_files,
    set_on_this_host,
    set_switch,
    stored_row,
)
from tests.governance.admin.actors import staff
from tests.governance.console.policies import SETUP, publish_demo
from tests.governance.services.policies import person, policy
from tests.governance.services.recorded import Recorder

pytestmark = pytest.mark.django_db


def now() -> datetime:
    return datetime.now(tz=UTC)


def stop(actor: Any, scope: SwitchScope = SwitchScope.ALL, target: str = "", **given: Any) -> Switch:
    """A switch, for an id that need not exist."""
    said: dict[str, Any] = {"reason": "An incident", "macs": keys.state_macs(), "force": True, **given}
    return set_switch(actor=actor, scope=scope, target=target, **said)


def lift(actor: Any, switch: Switch, **given: Any) -> Switch:
    return lift_switch(actor=actor, switch_id=switch.pk, reason="It is over", macs=keys.state_macs(), **given)


def command(*arguments: str) -> str:
    out = io.StringIO()
    call_command("kill", *arguments, stdout=out)
    return out.getvalue()


def test_one_operator_sets_a_switch_and_each_change_has_a_greater_epoch_and_its_own_mac() -> None:
    operator = person("operator")
    first = stop(operator, SwitchScope.AGENT, "reporter")
    second = stop(operator, SwitchScope.TOOL, "pay/send")
    lifted = lift(operator, first)
    assert first.epoch < second.epoch < lifted.epoch
    for switch in Switch.objects.all():
        stored_row(switch).check(keys.state_macs())
    assert [switch.target for switch in live_switches()] == ["pay/send"]


def test_lifting_everything_takes_a_second_person_who_may_lift_switches() -> None:
    operator, other, viewer = person("operator"), person("owner"), person("viewer")
    switch = stop(operator)
    with pytest.raises(SwitchRefused, match="second person"):
        lift(operator, switch)
    with pytest.raises(SwitchRefused, match="second person"):
        lift(operator, switch, second=operator.user)
    with pytest.raises(NotPermitted):
        lift(operator, switch, second=viewer.user)
    assert lift(operator, switch, second=other.user).lifted_second == other.name


def test_a_viewer_sets_and_lifts_nothing() -> None:
    viewer = person("viewer")
    with pytest.raises(NotPermitted):
        stop(viewer)
    switch = stop(person("operator"), SwitchScope.AGENT, "a")
    with pytest.raises(NotPermitted):
        lift(viewer, switch)


def test_an_operator_of_one_server_sets_and_lifts_nothing_beyond_it() -> None:
    everywhere = person("operator")
    mine = Actor.person(staff("operator", scope_kind="server", scope="files"))
    assert lift(mine, stop(mine, SwitchScope.TOOL, "files/read")).lifted_by == mine.name
    assert lift(mine, stop(everywhere, SwitchScope.SERVER, "files")).lifted_by == mine.name
    for scope, target in ((SwitchScope.ALL, ""), (SwitchScope.SERVER, "pay"), (SwitchScope.AGENT, "files")):
        with pytest.raises(NotPermitted):
            stop(mine, scope, target)
        switch = stop(everywhere, scope, target)
        with pytest.raises(NotPermitted):
            lift(mine, switch)
    everything = Switch.objects.get(scope=SwitchScope.ALL)
    with pytest.raises(NotPermitted):
        lift(everywhere, everything, second=mine.user)


def test_a_drill_ends_within_the_hour_and_never_takes_a_live_switchs_place() -> None:
    operator = person("operator")
    drill = stop(operator, drill=True)
    assert drill.until is not None
    assert drill.until <= now() + timedelta(minutes=60)
    with pytest.raises(SwitchRefused, match="60 minutes"):
        stop(operator, drill=True, until=now() + timedelta(minutes=61))
    stop(operator, SwitchScope.AGENT, "a")
    with pytest.raises(SwitchRefused, match="live switch"):
        stop(operator, SwitchScope.AGENT, "a", drill=True)


@pytest.mark.parametrize(
    "named,nearest",
    [
        ("principal:alise", "alice"),
        ("agent:Coder", "coder"),
        ("department:enginering", "engineering"),
        ("server:github", None),
        ("tool:deploy/rolback", "deploy/rollback"),
        ("tool:deploi/rollback", "deploy/rollback"),
    ],
)
def test_a_switch_for_an_id_that_nothing_has_is_refused_with_the_nearest(named: str, nearest: str | None) -> None:
    publish_demo()
    scope, target = parse_target(named)
    with pytest.raises(TargetUnknown, match=f"no {scope} {target} is known, so nothing would be stopped") as refused:
        stop(person("operator"), scope, target, force=False)
    assert refused.value.nearest[:1] == (() if nearest is None else (nearest,))
    assert not Switch.objects.exists()
    assert stop(person("owner"), scope, target).target == target


@pytest.mark.parametrize(
    "named",
    ["principal:alice", "principal:anonymous", "agent:coder", "department:engineering", "server:deploy",
     "tool:deploy/rollback"],
)  # fmt: skip
def test_what_the_release_or_the_directory_knows_is_stopped_although_the_draft_has_it_no_longer(named: str) -> None:
    publish_demo()
    replace_draft(actor=SETUP, document={"toolgate": 1})
    scope, target = parse_target(named)
    assert stop(person("operator"), scope, target, force=False).target == target


def test_what_only_the_draft_has_can_be_stopped_before_it_is_published() -> None:
    replace_draft(actor=SETUP, document=policy(agents={"new": {"owner": "alice"}}))
    operator = person("operator")
    for scope, target in ((SwitchScope.AGENT, "new"), (SwitchScope.SERVER, "files"), (SwitchScope.TOOL, "files/t0")):
        assert stop(operator, scope, target, force=False).target == target


def test_a_release_that_was_altered_does_not_keep_anything_from_being_stopped() -> None:
    publish_demo()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE governance_release DISABLE TRIGGER USER")
        cursor.execute("UPDATE governance_release SET signature = 'x'")
        cursor.execute("ALTER TABLE governance_release ENABLE TRIGGER USER")
    policy_versions.forget()
    with pytest.raises(ReleaseAltered):
        policy_versions.newest_version()
    assert stop(person("operator"), SwitchScope.AGENT, "coder", force=False).target == "coder"


def test_the_answer_says_what_the_switch_stops() -> None:
    publish_demo()
    targets = SwitchTargets()
    members = User.objects.filter(departments__contains=["engineering"]).count()
    assert targets.stopped(SwitchScope.AGENT, "coder").startswith("every call through agent coder, which ")
    assert targets.stopped(SwitchScope.DEPARTMENT, "engineering") == (
        f"every call of {members} principal{'s' if members != 1 else ''} in department engineering"
    )
    assert targets.stopped(SwitchScope.SERVER, "deploy").endswith("of server deploy")
    assert targets.stopped(SwitchScope.AGENT, "nobody-yet") == "nothing yet: no agent nobody-yet is known"
    told = command("agent:coder", "--reason", "An incident")
    assert "every call through agent coder" in told


def test_what_a_switch_has_stopped_is_counted_from_the_trail() -> None:
    recorder = Recorder(policy())
    switch, quiet = stop(person("operator"), SwitchScope.TOOL, "files/t0"), stop(person("owner"))
    on = EngineSwitch(id=str(switch.pk), kind=SwitchKind.TOOL, target="files/t0")
    for _ in range(2):
        recorder.record("t0", {}, switches=[on])
    recorder.record("t1", {}, switches=[on])
    recorder.record("t0", {}, switches=[on], at=time.time() - 2 * 86_400)
    recorder.store()
    assert denied_lately([switch, quiet]) == {switch.pk: 2}
    assert denied_lately([]) == {}


def test_the_command_refuses_an_unknown_id_with_the_nearest_and_force_stops_it(own_var: Path) -> None:
    publish_demo()
    with pytest.raises(CommandError, match=r"nearest: coder\. --force") as refused:
        command("agent:codr", "--reason", "An incident")
    assert refused.value.returncode == 2
    assert not kill_files(own_var / "kill")
    assert "nothing yet" in command("agent:codr", "--reason", "An incident", "--force")


@pytest.mark.parametrize("text", ["", "everything", "agent:", "all:x", "tool:pay", "user:x"])
def test_what_names_nothing_is_refused(text: str) -> None:
    with pytest.raises(SwitchRefused):
        parse_target(text)


def test_the_command_sets_lists_and_lifts() -> None:
    publish_demo()
    assert "is stopped: switch" in command("agent:reporter", "--reason", "An incident", "--until", "2h")
    number = str(live_switches()[0].pk)
    assert "agent:reporter" in command("--list")
    assert "is lifted" in command("--lift", number, "--reason", "It is over")
    assert command("--list") == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ["all"],
        ["all", "--reason", "x", "--until", "2020-01-01T00:00:00Z"],
        ["nobody", "--reason", "x"],
        ["--lift", "999", "--reason", "x"],
        [],
    ],
    ids=["no reason", "end in the past", "no target", "unknown", "nothing"],
)
def test_the_command_refuses_with_exit_code_2_and_sets_nothing(arguments: list[str], own_var: Path) -> None:
    with pytest.raises(CommandError) as refused:
        command(*arguments)
    assert refused.value.returncode == 2
    assert not Switch.objects.exists()
    assert not kill_files(own_var / "kill")


def test_without_a_database_the_command_writes_a_file_that_becomes_a_row_when_it_is_back(
    own_var: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(kill, "reach_database", away)
    with pytest.raises(CommandError, match="every other host") as told:
        command("server:pay", "--reason", "The database is away")
    assert told.value.returncode == 1
    folder, macs = own_var / "kill", keys.state_macs()
    (held,) = read_kill_files(folder, macs=macs, now=now().timestamp())
    assert (held.kind, held.target) == ("server", "pay")
    assert reconcile_files(folder=folder, macs=macs) == 0, "whoever wrote it may still be at work"
    assert reconcile_files(folder=folder, macs=macs, now=now() + timedelta(minutes=1)) == 1
    assert Switch.objects.get().reason == "The database is away"
    assert not kill_files(folder)


def test_a_file_that_was_altered_or_renamed_holds_nothing_and_is_left_for_people_to_see(own_var: Path) -> None:
    folder, macs = own_var / "kill", keys.state_macs()
    given: dict[str, Any] = {
        "target": "pay", "reason": "x", "until": None, "drill": False, "set_by": "root", "folder": folder,
        "macs": macs, "now": now(),
    }  # fmt: skip
    altered = set_on_this_host(scope=SwitchScope.SERVER, **given)
    altered.write_bytes(altered.read_bytes().replace(b'"pay"', b'"xyz"'))
    renamed = set_on_this_host(scope=SwitchScope.SERVER, **given)
    renamed.rename(folder / "00000000-0000-4000-8000-000000000000.json")
    assert read_kill_files(folder, macs=macs, now=now().timestamp()) == ()
    assert reconcile_files(folder=folder, macs=macs, now=now() + timedelta(minutes=1)) == 0
    assert len(kill_files(folder)) == 2
    assert command("--list").count("IGNORED") == 2
