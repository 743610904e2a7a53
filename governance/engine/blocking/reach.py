"""What a command line or program text touches: files it opens, hosts it talks to, statements it sends to a database."""

from __future__ import annotations

import re
from collections.abc import Iterator

from governance.engine.normalise.hosts import Host, bare_host, url_hosts
from governance.engine.normalise.shell.command import Program
from governance.engine.normalise.shell.commands import Commands
from governance.engine.normalise.shell.marks import UNKNOWN
from governance.engine.normalise.shell.wrappers import wrapped

_TALKS = frozenset(
    "echo printf write-host write-output alias export declare git-commit logger say figlet banner notify-send "
    "wall cowsay true false : yes seq expr bc man apropos whatis tldr history".split()
)
_STATS = frozenset(
    "ls ll dir stat test [ [[ file touch mkdir chmod chown chgrp du df basename dirname realpath readlink "
    "which find fd tree cd pushd popd ssh-add ssh-keygen icacls get-childitem get-acl test-path md".split()
)
_SEARCHERS = frozenset(
    "grep egrep fgrep rg ag ack zgrep git-grep sed awk gawk jq yq perl select-string findstr".split()
)
_NETWORK = frozenset(
    "curl wget fetch aria2c http https httpie xh curlie axel lynx links w3m nc ncat netcat telnet ftp sftp scp ssh "
    "rsync ping ping6 dig nslookup host traceroute mtr nmap masscan whois socat openssl iwr irm invoke-webrequest "
    "invoke-restmethod "
    "test-netconnection tnc start-bitstransfer bitsadmin certutil mosh curl-config ab wrk hey siege vegeta "
    "websocat wscat grpcurl nikto sqlmap httpx lwp-request tftp smbclient net ngrok cloudflared".split()
)
_VALUE = re.compile(r"(?:--?[\w-]+=|[\w.-]+=@?|@|[\w.@-]+:(?=[/~.])|if=|of=|<)(.+)", re.DOTALL)
_SPARED_OPTIONS = frozenset(
    {
        "-i",
        "--kubeconfig",
        "--env-file",
        "-F",
        "--identity",
        "--key",
        "--private-key",
        "--exclude",
        "--ignore",
        "--include",
        "-name",
        "-iname",
        "-path",
        "-not",
        "-m",
        "--message",
        "--body",
        "--title",
        "--notes",
        "-e",
        "--exclude-dir",
        "--glob",
        "-g",
    }
)
_LITERAL_PATH = re.compile(r"[\"'`]((?:[~/\\.$%]|[a-zA-Z]:[\\/])[^\"'`\n]{1,400})[\"'`]")
_SOCAT = re.compile(r"(?i)(?:tcp[46]?|udp[46]?|openssl|ssl)(?:-connect)?:([^:,]+)")
_DEV = re.compile(r"/dev/(?:tcp|udp)/([^/]+)/")

_SQL_OPTIONS = {
    "psql": ("-c", "--command"),
    "mysql": ("-e", "--execute"),
    "mariadb": ("-e", "--execute"),
    "sqlcmd": ("-Q", "-q"),
    "osql": ("-Q", "-q"),
    "clickhouse-client": ("-q", "--query"),
    "clickhouse": ("-q", "--query"),
    "duckdb": ("-c", "-s"),
    "cqlsh": ("-e", "--execute"),
    "snowsql": ("-q", "--query"),
    "snow": ("-q", "--query"),
    "cockroach": ("-e", "--execute"),
    "mongo": ("--eval",),
    "mongosh": ("--eval",),
    "influx": ("-execute", "--execute"),
    "trino": ("--execute",),
    "presto": ("--execute",),
    "hive": ("-e",),
    "beeline": ("-e",),
    "spark-sql": ("-e",),
    "impala-shell": ("-q",),
    "cypher-shell": (),
    "sqlite3": (),
    "sqlite": (),
    "bq": (),
    "pgcli": ("-c",),
    "mycli": ("-e",),
    "litecli": ("-e",),
    "usql": ("-c",),
    "isql": (),
    "sqlplus": (),
    "turso": (),
    "wrangler": ("--command",),
    "invoke-sqlcmd": ("-Query", "-query"),
    "supabase": (),
    "manage.py": ("-c",),
    "rails": (),
    "libsql": (),
}


def statement_texts(commands: Commands) -> Iterator[str]:
    """Texts that the command line sends to a database client."""
    for command in commands.commands:
        options = _SQL_OPTIONS.get(command.name)
        if options is None:
            continue
        words = command.words
        for place, word in enumerate(words):
            if word in options and place + 1 < len(words):
                yield words[place + 1]
            else:
                for option in options:
                    if option.startswith("--") and word.startswith(option + "="):
                        yield word.partition("=")[2]
                    elif len(option) == 2 and word.startswith(option) and len(word) > 2 and not word.startswith("--"):
                        yield word[2:]
            if " " in word and not options:
                yield word
        if command.name in {"sqlite3", "bq", "isql", "duckdb", "cypher-shell", "turso"}:
            yield from (word for word in words if " " in word)
        if command.stdin:
            yield command.stdin


def _is_outer(command: Program) -> bool:
    return wrapped(command.name, command.words) is not None


def opened_paths(commands: Commands) -> Iterator[str]:
    """Files that the command line's programs would open: not what they print, search for, or only list."""
    for operator, target in commands.targets:
        if operator not in {"<<", "<<<"} and target:
            yield target
    for command in commands.commands:
        name, words = command.name, command.words
        if name in _TALKS or name in _STATS or _is_outer(command):
            continue
        if command.code:
            yield from code_paths(command.code)
        skip_first = name in _SEARCHERS and not command.has("-f", "--file")
        spare = False
        if name == "git":
            sub = next((word for word in words if not word.startswith("-")), "")
            if sub in {
                "commit",
                "log",
                "check-ignore",
                "grep",
                "tag",
                "notes",
                "config",
                "rm",
                "status",
                "ls-files",
                "update-index",
            }:
                continue
        if name in {"cp", "mv", "install"} and len(words) > 1 and re.search(r"(?:^|/)\.env[\w.]*$", words[-1]):
            words = words[:-1]
        for written in words:
            word = written[:4096]
            if spare:
                spare = False
                continue
            if word in _SPARED_OPTIONS and name not in {"tar", "zip", "curl", "cp", "cat"}:
                spare = True
                continue
            if word.startswith("-"):
                if "=" in word and word.partition("=")[0] not in _SPARED_OPTIONS:
                    yield word.partition("=")[2].lstrip("@")
                elif len(word) > 3 and word[1] in "dTFo" and word[2] in "@/~.":
                    yield word[2:].lstrip("@")
                continue
            if skip_first:
                skip_first = False
                continue
            if len(word) > 4096 or "\n" in word:
                continue
            yield word
            inner = _VALUE.match(word)
            if inner and "://" not in word[:12]:
                yield inner[1].lstrip("@")


def code_paths(code: str) -> Iterator[str]:
    """Paths that program text writes as literals, at most 64."""
    for place, found in enumerate(_LITERAL_PATH.finditer(code)):
        if place >= 64:
            return
        yield found[1]


def reached_hosts(commands: Commands) -> Iterator[Host]:
    """Hosts that the command line's programs would talk to."""
    for _, target in commands.targets:
        found = _DEV.search(target)
        if found:
            host = bare_host(found[1])
            if host is not None:
                yield host
    for command in commands.commands:
        name, words = command.name, command.words
        if name in _TALKS:
            continue
        if command.code:
            yield from url_hosts(command.code)
        network = name in _NETWORK
        if _is_outer(command) and name not in {"ssh", "mosh"}:
            continue
        skip_first = name in _SEARCHERS
        if name == "git" and ({"commit", "log", "grep", "tag", "notes"} & set(words[:3])):
            continue
        spare = False
        for written in words:
            word = written[:4096].replace(UNKNOWN, "x")
            if spare:
                spare = False
                continue
            if (
                word
                in {
                    "-m",
                    "--message",
                    "--body",
                    "--title",
                    "-H",
                    "--header",
                    "-d",
                    "--data",
                    "--data-raw",
                    "-A",
                    "--user-agent",
                    "-e",
                    "--referer",
                }
                and name != "socat"
            ):
                spare = word not in {"-e"} or name == "curl"
                continue
            if skip_first and not word.startswith("-"):
                skip_first = False
                continue
            if "//" in word or "http" in word[:8].lower():
                yield from url_hosts(word)
            if network and not word.startswith("-"):
                host = bare_host(
                    word.rpartition("@")[2].partition("/")[0] if name in {"scp", "rsync", "sftp"} else word
                )
                if host is not None:
                    yield host
                if name == "socat" and (found := _SOCAT.search(word)):
                    host = bare_host(found[1])
                    if host is not None:
                        yield host
            elif "@" in word and ":" in word:
                host = bare_host(word.partition("@")[2].partition(":")[0])
                if host is not None:
                    yield host
            elif network and "=" in word:
                yield from url_hosts(word)
