from __future__ import annotations

from dataclasses import dataclass

import pytest

from governance.adapters.client_tool import entity_of


@dataclass(frozen=True)
class Registered:
    servers: tuple[str, ...] = ()
    plugins: tuple[tuple[str, str], ...] = ()
    names: tuple[tuple[str, str], ...] = ()

    def client_managed(self) -> tuple[tuple[str, str], ...]:
        return tuple((server, server) for server in self.servers) + self.names

    def client_plugins(self) -> tuple[tuple[str, str], ...]:
        return self.plugins


def test_a_built_in_tool_belongs_to_its_client() -> None:
    assert entity_of("claude-code", "Bash", Registered()) == "claude-code/Bash"


def test_a_built_in_name_cannot_reach_another_server() -> None:
    assert entity_of("claude-code", "pay/send", Registered(("pay",))) is None


def test_an_mcp_tool_is_its_servers_where_that_is_managed_on_clients() -> None:
    assert entity_of("claude-code", "mcp__files__read", Registered(("files",))) == "files/read"


def test_an_mcp_tool_of_an_unmanaged_server_is_unknown() -> None:
    assert entity_of("claude-code", "mcp__files__read", Registered()) is None


def test_a_name_that_two_servers_could_mean_is_unknown() -> None:
    assert entity_of("claude-code", "mcp__a__b__c", Registered(("a", "a__b"))) is None


def test_a_servers_dots_are_found_under_the_clients_spelling() -> None:
    assert entity_of("claude-code", "mcp__files_v2__read", Registered(("files.v2",))) == "files.v2/read"


def test_two_servers_of_one_client_spelling_are_ambiguous() -> None:
    assert entity_of("claude-code", "mcp__files_v2__read", Registered(("files.v2", "files_v2"))) is None


def test_a_plugins_tool_is_its_servers_where_the_plugin_brings_it() -> None:
    registered = Registered(plugins=(("slack", "files"),))
    assert entity_of("claude-code", "mcp__plugin_slack_files__read", registered) == "files/read"
    assert entity_of("claude-code", "mcp__plugin_other_files__read", registered) is None


def test_an_empty_tool_name_is_unknown() -> None:
    assert entity_of("claude-code", "mcp__files__", Registered(("files",))) is None
    assert entity_of("claude-code", "", Registered(("files",))) is None


@pytest.mark.parametrize(
    ("raw", "entity"),
    [
        ("mcp__Astro-Docs__search_astro_docs", "astro-docs/search_astro_docs"),
        ("mcp__astro-docs__search_astro_docs", "astro-docs/search_astro_docs"),
        ("mcp__claude_ai_Canva__export", "claude_ai_canva/export"),
        ("mcp__a__b__c", "a/b__c"),
        ("mcp__Astro-Docs__Search", "astro-docs/Search"),
    ],
)
def test_a_servers_name_is_found_in_any_case_and_a_tools_as_it_stands(raw: str, entity: str) -> None:
    assert entity_of("claude-code", raw, Registered(("astro-docs", "claude_ai_canva", "a"))) == entity


def test_a_plugins_server_is_found_in_any_case() -> None:
    assert entity_of("claude-code", "mcp__plugin_Slack_Files__read", Registered(plugins=(("slack", "files"),))) == (
        "files/read"
    )


def test_a_server_is_found_by_every_name_that_it_is_said_to_have_on_clients() -> None:
    registered = Registered(("canva",), names=(("claude.ai Canva", "canva"), ("Canva-EU", "canva")))
    for name in ("claude_ai_Canva", "CLAUDE_AI_CANVA", "canva-eu", "canva"):
        assert entity_of("claude-code", f"mcp__{name}__export", registered) == "canva/export"


def test_a_name_that_two_servers_have_in_another_case_or_as_a_declared_name_is_unknown() -> None:
    two = Registered(("canva", "design"), names=(("Canva", "design"),))
    assert entity_of("claude-code", "mcp__canva__export", two) is None
    assert entity_of("claude-code", "mcp__Canva__export", two) is None
    assert entity_of("claude-code", "mcp__design__export", two) == "design/export"


def test_a_letter_that_changes_its_length_with_its_case_is_no_way_around() -> None:
    assert entity_of("claude-code", "mcp__f\u0130les__read", Registered(("files",))) is None
    assert entity_of("claude-code", "mcp__\u212ait__read", Registered(("kit",))) is None
