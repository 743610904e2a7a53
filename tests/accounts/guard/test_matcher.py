from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.guard.lists import AGENTS, EXTENSIONS, PATHS, SEGMENTS, GuardLists
from accounts.guard.matcher import API_PREFIXES, ScannerMatcher

MATCHER = ScannerMatcher(GuardLists())
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"


def reason(path: str, agent: str | None = BROWSER) -> str | None:
    return MATCHER.reason(path, agent)


def test_seventeen_paths_are_shipped_and_ours_is_not_among_them() -> None:
    assert len(PATHS) == 17
    assert "/admin" not in PATHS


@pytest.mark.parametrize("path", PATHS)
def test_a_probed_path_is_refused_alone_below_and_in_any_case(path: str) -> None:
    assert reason(path if path.startswith("/") else f"/{path}")
    base = path.rstrip("/")
    assert reason(f"{base if base.startswith('/') else '/' + base}/x")
    assert reason(f"/blog{path if path.startswith('/') else '/' + path}".upper())


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_a_suspicious_extension_is_refused(extension: str) -> None:
    assert reason(f"/a/index.{extension}") == "guard.extension"
    assert reason(f"/a/index.{extension.upper()}/b") == "guard.extension"


@pytest.mark.parametrize("segment", [*SEGMENTS, ".env", ".env.local", ".environment"])
def test_a_suspicious_segment_is_refused(segment: str) -> None:
    assert reason(f"/{segment}") == "guard.segment"
    assert reason(f"/a/{segment}/config") == "guard.segment"


@pytest.mark.parametrize(
    "path",
    [
        "/%2egit/config", "/%252egit/config", "/.GIT/HEAD", "//.git//HEAD", "/a\\.git\\HEAD", "/wp%2Dadmin/",
        "/api/../.git/config", "/%61pi/%2e%2e/wp-admin", "/admin/../.env", "/x/.env?y=1", "/index.php?x=/api/v1",
        "/static/../../.aws/credentials",
    ],
)  # fmt: skip
def test_no_spelling_hides_a_probe(path: str) -> None:
    assert reason(path)


@pytest.mark.parametrize("agent", AGENTS)
def test_a_scanners_name_is_refused(agent: str) -> None:
    for name in (f"{agent} scanner/1.0", f"Mozilla/5.0 (compatible; {agent.upper()} 2.1)"):
        assert reason("/", name) == "guard.agent"


@pytest.mark.parametrize(
    "name", ["Mozilla/5.0 (compatible; CensysInspect/1.1)", "Apache-HttpClient/4.5 (Java/17)", "sqlmap/1.7"]
)
def test_a_scanners_name_is_found_within_a_longer_one(name: str) -> None:
    assert reason("/", name) == "guard.agent"


@pytest.mark.parametrize("name", ["Zapier/1.0 webhooks", "Mozilla/5.0 Bazaar client"])
def test_a_short_word_within_another_is_no_scanner(name: str) -> None:
    assert reason("/", name) is None


@pytest.mark.parametrize("agent", [None, "", "   ", "curl/8", "1234567"])
def test_no_name_and_one_under_eight_characters_are_refused(agent: str | None) -> None:
    assert reason("/", agent) == "guard.agent"
    assert reason("/", "12345678") is None


@pytest.mark.parametrize(
    "agent, refused",
    [
        ("Mozilla/5.0 Chrome/119.0.0.0 Safari", True),
        ("Mozilla/5.0 Chrome/120.0.0.0 Safari", False),
        ("Mozilla/5.0 HeadlessChrome/60.0", True),
        ("Mozilla/5.0 (X11; rv:119.0) Gecko/20100101 Firefox/119.0", True),
        ("Mozilla/5.0 (X11; rv:133.0) Gecko/20100101 Firefox/133.0", False),
        ("Mozilla/5.0 (Macintosh) Version/17.1 Safari/605.1.15", False),
        ("Mozilla/5.0 Chrome/x Safari", False),
    ],
)
def test_a_browser_below_the_configured_major_is_refused(agent: str, refused: bool) -> None:
    assert (reason("/", agent) == "guard.browser") is refused


@pytest.mark.parametrize("prefix", API_PREFIXES)
@pytest.mark.parametrize(
    "agent", [None, "", "x", "java/17", "Apache-HttpClient/4.5 (Java/17)", "Chrome/40", "sqlmap/1.0 x"]
)
def test_an_api_route_refuses_nobody_for_a_name(prefix: str, agent: str | None) -> None:
    assert reason(prefix, agent) is None
    assert reason(f"{prefix}/v1/decisions", agent) is None


@pytest.mark.parametrize(
    "path",
    [
        "/", "/admin/", "/admin/governance/rule/7/change/", "/admin/uploads", "/api/v1/decisions", "/api/schema/",
        "/api/docs/", "/access/v1/evaluation", "/hooks/claude-code", "/mcp/files", "/mcp", "/oauth/token",
        "/.well-known/oauth-protected-resource", "/.well-known/authzen-configuration", "/livez", "/readyz", "/metrics",
        "/events", "/ws/events", "/static/console/app.js", "/static/x.config", "/account/", "/api/v1/audit/export.zip",
        "/mcp/config", "/api/v1/identity", "/favicon.ico", "/identity-map", "/uploadsx", "/luciano",
    ],
)  # fmt: skip
def test_our_own_routes_and_ordinary_names_are_not_refused(path: str) -> None:
    assert reason(path) is None


def test_a_route_that_only_begins_like_ours_is_not_ours() -> None:
    assert reason("/apix/.git") == "guard.segment"
    assert reason("/administrator/index.php") == "guard.extension"
    assert reason("/mcpx", None) == "guard.agent"


def test_the_lists_are_data() -> None:
    lists = GuardLists(paths=("/admin",), extensions=frozenset({"aspx"}), agents=("acme",), browsers=(("opera", 100),))
    changed = ScannerMatcher(lists)
    assert changed.reason("/x/admin", BROWSER) == "guard.path"
    assert changed.reason("/x.aspx", BROWSER) == "guard.extension"
    assert changed.reason("/x.php", BROWSER) is None
    assert changed.reason("/", "AcmeScan/1.0") == "guard.agent"
    assert changed.reason("/", "Mozilla Opera/99.1") == "guard.browser"
    assert ScannerMatcher(GuardLists(enabled=False)).reason("/.git/config", None) is None
    assert ScannerMatcher(GuardLists(agents=())).reason("/", "sqlmap/1.0 x") is None


@given(path=st.text(max_size=300), agent=st.none() | st.text(max_size=300))
def test_the_guard_answers_for_any_request(path: str, agent: str | None) -> None:
    assert reason(path, agent) in {
        None,
        "guard.path",
        "guard.extension",
        "guard.segment",
        "guard.agent",
        "guard.browser",
    }
