"""`manage.py policy import | publish | export | rollback | explain` and `demo`: exact both ways, and for scripts."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from governance.models import Release, Rule
from governance.policy.demo.files import POLICY_FILE
from governance.policy.files.bundle import write_yaml
from tests.governance.services.policies import policy

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> tuple[int, str]:
    out, code = io.StringIO(), 0
    try:
        call_command("policy", *arguments, stdout=out)
    except SystemExit as ended:
        code = int(str(ended.code))
    return code, out.getvalue()


def written(folder: Path, document: dict[str, Any], name: str = "policy.yaml") -> str:
    path = folder / name
    path.write_text(write_yaml(document), encoding="utf-8")
    return str(path)


def test_a_thousand_rules_are_imported_published_and_exported_byte_for_byte(tmp_path: Path) -> None:
    file = written(tmp_path, policy(rules=1_000, principals={"alice": {"roles": ["analyst"]}}))
    assert run("import", file)[0] == 0
    assert run("publish", "-m", "A thousand rules")[0] == 0
    for which in ([], ["--draft"]):
        assert run("export", *which) == (0, Path(file).read_text(encoding="utf-8"))
    without = {key: value for key, value in policy(rules=1_000).items() if key != "principals"}
    assert run("export", "--release", "1") == (0, write_yaml(without))


def test_a_change_goes_through_diff_test_and_publish_with_exit_codes(tmp_path: Path) -> None:
    old, new = written(tmp_path, policy()), written(tmp_path, policy(rules=2), "new.yaml")
    assert run("import", old)[0] == 0
    assert run("publish", "-m", "one")[0] == 0
    code, said = run("diff", "current", new)
    assert (code, "rules.rule-00001: is new" in said) == (1, True)
    assert run("test", new)[0] == 0
    assert run("import", new)[0] == 0
    assert run("publish", "-m", "two", "--on", "7")[0] == 1
    assert run("publish", "-m", "two", "--on", "1")[0] == 0
    assert run("diff", "current", new)[0] == 0
    assert run("publish", "-m", "nothing new")[0] == 0
    assert run("rollback", "1")[0] == 0
    assert run("rollback", "99")[0] == 1
    assert run("diff", "1", "3") == (0, "")
    assert [release.number for release in Release.objects.all()] == [3, 2, 1]


def test_lint_of_the_draft_knows_the_directory(tmp_path: Path) -> None:
    run("import", written(tmp_path, policy(agents={"lost": {"owner": "nobody-there"}})))
    code, said = run("lint", "draft")
    assert (code, "there is no principal nobody-there" in said) == (1, True)


def test_a_dry_run_lists_what_would_go_and_writes_nothing(tmp_path: Path) -> None:
    run("import", written(tmp_path, policy(rules=3)))
    code, said = run("import", written(tmp_path, policy(), "less.yaml"), "--dry-run")
    assert code == 0
    assert "removes  governance.rule rule-00001" in said
    assert Rule.objects.count() == 3


def test_an_unusable_file_changes_nothing_and_exits_with_2(tmp_path: Path) -> None:
    run("import", written(tmp_path, policy()))
    bad = tmp_path / "bad.yaml"
    bad.write_text("toolgate: 1\nrules: [{id: a, effect: perhaps}]\nsurprise: 1\n", encoding="utf-8")
    assert run("import", str(bad))[0] == 2
    assert Rule.objects.count() == 1


def test_principals_come_along_only_when_asked_for(tmp_path: Path) -> None:
    file = written(tmp_path, policy(principals={"alice": {"roles": ["analyst"]}}))
    run("import", file)
    assert not User.objects.filter(username="alice").exists()
    run("import", file, "--with-principals")
    assert User.objects.get(username="alice").roles == ["analyst"]


def test_an_address_goes_into_the_directory_and_out_again_and_stays_where_a_file_says_none(tmp_path: Path) -> None:
    said = {"alice": {"roles": ["analyst"], "email": "alice@example.org"}}
    file = written(tmp_path, policy(principals=said))
    assert run("import", file, "--with-principals")[0] == 0
    assert User.objects.get(username="alice").email == "alice@example.org"
    assert run("import", file, "--with-principals") == (0, "0 added, 0 changed, 0 removed\n")
    code, exported = run("export", "--draft")
    assert (code, "    email: alice@example.org\n" in exported) == (0, True)
    run(
        "import",
        written(tmp_path, policy(principals={"alice": {"roles": ["analyst"]}}), "less.yaml"),
        "--with-principals",
    )
    assert User.objects.get(username="alice").email == "alice@example.org"


def test_a_bad_address_is_told_with_its_path_and_changes_nothing(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("toolgate: 1\nprincipals: {alice: {email: nobody}}\n", encoding="utf-8")
    output = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("policy", "import", str(bad), "--with-principals", stderr=output)
    assert ended.value.code == 2
    assert "principals.alice.email" in output.getvalue()
    assert not User.objects.exists()


def test_explain_says_each_part_of_a_condition_and_the_nearest_change(tmp_path: Path) -> None:
    file = written(tmp_path, policy(rules=2, principals={"alice": {"roles": ["analyst"]}}))
    call = json.dumps({"server": "files", "tool": "t1", "arguments": {"amount": 5}})
    code, said = run("explain", file, "--principal", "alice", "--call", call, "--json")
    told = json.loads(said)
    assert (code, told["decision"], told["code"]) == (0, "deny", "rule.none")
    assert told["rules"][0]["parts"] == [{"source": "args.amount < 1", "value": False}]
    assert "args.amount < 1" in told["nearest"]["fix"]
    assert run("explain", file, "--principal", "alice", "--call", "{]")[0] == 2


def test_the_demo_loads_into_nothing_once_and_refuses_anything_else(tmp_path: Path) -> None:
    call_command("demo", stdout=io.StringIO())
    assert Release.objects.get().number == 1
    assert User.objects.filter(username="alice").exists()
    again = io.StringIO()
    call_command("demo", stdout=again)
    assert "already" in again.getvalue()
    assert run("export") == (0, POLICY_FILE.read_text(encoding="utf-8"))


def test_the_demo_refuses_an_installation_that_holds_a_policy(tmp_path: Path) -> None:
    run("import", written(tmp_path, policy()))
    with pytest.raises(CommandError, match="empty"):
        call_command("demo")


def test_a_draft_with_principals_says_what_the_release_made_of_it_says(tmp_path: Path) -> None:
    file = written(tmp_path, policy(principals={"alice": {"roles": ["analyst"]}}))
    assert run("import", file)[0] == 0
    assert run("publish", "-m", "one")[0] == 0
    for old, new in (("current", "draft"), ("draft", "1"), ("current", file)):
        assert run("diff", old, new) == (0, "")
    other = written(tmp_path, policy(), "other.yaml")
    assert run("diff", "draft", other) == (1, "neutral  principals.alice: is removed\n")


def test_the_draft_is_discarded_restored_and_freed_of_one_change(tmp_path: Path) -> None:
    old, new = written(tmp_path, policy()), written(tmp_path, policy(rules=3), "new.yaml")
    assert run("import", old)[0] == 0
    assert run("discard")[0] == 1, "nothing was published yet"
    assert run("publish", "-m", "one")[0] == 0
    assert run("import", new)[0] == 0
    code, said = run("take-back", "rules.rule-00001", "--dry-run")
    assert (code, said) == (0, "removes      governance.rule rule-00001\n")
    assert Rule.objects.count() == 3
    code, said = run("take-back", "rules.rule-00001", "--reason", "Not this one")
    assert (code, "at revision" in said) == (0, True)
    assert {rule.slug for rule in Rule.objects.all()} == {"rule-00000", "rule-00002"}
    assert run("take-back", "rules.nobody")[0] == 1
    assert run("discard", "--revision", "1")[0] == 1
    assert run("discard")[0] == 0
    assert run("diff", "current", "draft")[0] == 0
    assert run("discard")[0] == 0, "there is nothing to discard"
    assert run("import", new)[0] == 0
    assert run("publish", "-m", "two")[0] == 0
    code, said = run("rollback", "1")
    assert (code, "policy discard" in said) == (0, True)
    assert run("diff", "current", "draft")[0] == 1
    assert run("restore", "1")[0] == 0
    assert run("diff", "current", "draft")[0] == 0
    assert run("restore", "9")[0] == 1
