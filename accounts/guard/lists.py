"""The guard's lists as shipped: data, which rows in the admin replace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

PATHS: Final = (
    "/wp-admin", "/wp-content", "/cgi-bin", "/phpmyadmin", "/xmlrpc", "/luci", "/ssi.cgi",
    "internal_forms_authentication", "/identity", "/login.htm", "/manager/html", "/config/", "/setup.cgi",
    "/eval-stdin.php", "/shell.php", "/c99.php", "/uploads",
)  # fmt: skip
PATHS_OFF: Final = ("/admin",)
"""Known and switched off: it is ours."""

EXTENSIONS: Final = ("php", "env", "git", "sql", "bak", "old", "zip", "gz", "db", "config", "cgi", "htm")
SEGMENTS: Final = (".git", ".svn", ".hg", ".aws", ".ssh")
NAME_STARTS: Final = (".env",)
AGENTS: Final = (
    "masscan", "nmap", "nikto", "sqlmap", "havij", "acunetix", "nessus", "openvas", "w3af", "metasploit", "burpsuite",
    "zap", "zgrab", "censys", "shodan", "palo alto", "cortex", "xpanse", "probe-image-size", "libredtail", "httpclient",
    "httpunit", "java/", "wp-http", "wp-cron",
)  # fmt: skip
BROWSERS: Final = (("chrome", 120), ("firefox", 120))
SHORTEST_AGENT: Final = 8
"""Characters; a shorter name is no client's."""

REFUSALS_PER_MINUTE: Final = 30
BAN_SECONDS: Final = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardLists:
    """What the guard goes by, compared in lower case. `browsers` are refused below their major version."""

    paths: tuple[str, ...] = PATHS
    extensions: frozenset[str] = frozenset(EXTENSIONS)
    segments: frozenset[str] = frozenset(SEGMENTS)
    name_starts: tuple[str, ...] = NAME_STARTS
    agents: tuple[str, ...] = AGENTS
    browsers: tuple[tuple[str, int], ...] = BROWSERS
    shortest_agent: int = SHORTEST_AGENT
    refusals_per_minute: int = REFUSALS_PER_MINUTE
    ban_seconds: float = BAN_SECONDS
    enabled: bool = True
