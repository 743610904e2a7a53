"""The clients' built-in tools: each file is a sound policy in canonical form, and the demo governs Claude Code's."""

from __future__ import annotations

from pathlib import Path

import pytest

from governance.adapters.claude_code import CLIENT
from governance.policy.catalogue import clients
from governance.policy.demo.files import POLICY_FILE
from governance.policy.files.bundle import canonical_text, read_policy


@pytest.mark.parametrize("path", clients().values(), ids=lambda path: path.stem)
def test_each_catalogue_is_canonical_and_names_one_server_after_its_client(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert canonical_text(text, name=path.name) == text
    document = read_policy([path])
    assert list(document["servers"]) == [path.stem]
    assert document["servers"][path.stem]["tools"]


def test_the_five_clients_of_the_product_have_one() -> None:
    assert set(clients()) == {CLIENT, "cursor", "codex", "gemini", "copilot"}


def test_a_catalogue_lies_beside_another_policy_and_is_merged_with_it(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("toolgate: 1\ndepartments:\n  finance: {}\n")
    (tmp_path / "codex.yaml").write_text(clients()["codex"].read_text())
    document = read_policy([tmp_path])
    assert set(document["departments"]) == {"finance"}
    assert "codex" in document["servers"]


def test_the_demo_holds_claude_codes_tools_as_the_catalogue_has_them() -> None:
    shipped = read_policy([clients()[CLIENT]])
    demo = read_policy([POLICY_FILE])
    assert demo["servers"][CLIENT]["tools"] == shipped["servers"][CLIENT]["tools"]


@pytest.mark.parametrize(
    "tool",
    [
        "Artifact", "CronCreate", "CronDelete", "CronList", "EnterWorktree", "ExitWorktree", "LSP", "Monitor",
        "SendMessage", "TaskCreate", "TaskGet", "TaskList", "TaskStop", "TaskUpdate",
    ],
)  # fmt: skip
def test_the_tools_that_claude_code_has_today_are_in_its_catalogue(tool: str) -> None:
    assert tool in read_policy([clients()[CLIENT]])["servers"][CLIENT]["tools"]
