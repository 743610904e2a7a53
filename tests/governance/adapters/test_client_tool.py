from __future__ import annotations

from dataclasses import dataclass

from governance.adapters.client_tool import entity_of


@dataclass(frozen=True)
class Registered:
    servers: tuple[str, ...] = ()
    plugins: tuple[tuple[str, str], ...] = ()

    def client_managed(self) -> tuple[str, ...]:
        return self.servers

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
