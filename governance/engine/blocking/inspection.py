"""One call's arguments under inspection: every string is taken for what it is, and what it touches is collected."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from governance.engine.blocking import reach
from governance.engine.blocking.hazards import command_hazards
from governance.engine.blocking.hazards.remote_code import code_hazards
from governance.engine.blocking.leaves import JsonNode, Leaf, LeafRole, ToolShape, leaves
from governance.engine.blocking.matchers import HostMatcher, PathMatcher
from governance.engine.blocking.patterns import CommandPattern, StatementPattern
from governance.engine.blocking.queries.documents import document_hazards
from governance.engine.blocking.queries.statements import statement_hazards
from governance.engine.normalise.encodings import base64_decoded, hex_decoded
from governance.engine.normalise.hosts import Host, bare_host, url_hosts
from governance.engine.normalise.paths import MAX_PATH, is_path_shaped
from governance.engine.normalise.shell.budget import Budget, TooComplexError
from governance.engine.normalise.shell.command import program_name
from governance.engine.normalise.shell.commands import Commands, read_commands
from governance.engine.normalise.shell.program_text import CALLS_HINT, shell_texts
from governance.engine.normalise.sql import is_sql_shaped, read_statements
from governance.engine.normalise.text import fold

_FIRST_WORDS = re.compile(r"[\s(]*(?:[A-Za-z_]\w*=\S*\s+)*([\w./\\~$-]+|[:\"'][^\s]*)")
_ENCODED = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}|(?:[0-9a-fA-F]{2}){8,}|(?:\\x[0-9a-fA-F]{2}){4,}")
_SHELLISM = re.compile(
    r"(?:^|[\s;|&(])(?:-[a-zA-Z]{1,4}|--[a-z][\w-]+)(?:\s|=|$)|[;|&<>$`~]|(?:^|\s)[~/.]|\\|\*|(?i:^\s*(?:/c|-c)\b)"
)
_CODE_CALL = re.compile(
    r"shutil\.rmtree\(\s*[\"']([^\"']+)[\"']|(?:rmSync|rmdirSync|unlinkSync|rm|rimraf|remove|unlink|rmtree|rm_rf|rmdir"
    r"|removedirs|unlink glob|FileUtils\.rm_r[f]?)\s*\(\s*[\"']([^\"']+)[\"']"
)
_MAX_TEXT = 64 * 1024
_MAX_CODE = 32 * 1024
_COST = {LeafRole.COMMAND: 30, LeafRole.SQL: 12, LeafRole.CODE: 30, LeafRole.PROSE: 1}
"""Steps that a leaf costs before it is looked at; the plainest costs 9."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What an inspection looks for, compiled by `Blocklist`. Each id appears under its kind only.

    `own_hosts` holds only what the policy itself lists: it also counts in URLs inside prose.
    """

    hosts: HostMatcher
    own_hosts: HostMatcher
    paths: PathMatcher
    commands: tuple[tuple[str, CommandPattern], ...] = ()
    statements: tuple[tuple[str, StatementPattern], ...] = ()
    checks: frozenset[str] = frozenset()


Report = Callable[[str, JsonNode], None]


@dataclass(slots=True)
class Inspection:
    """Looks at the leaves of one call under one budget and reports ids of entries, and `unreadable`."""

    rules: Rules
    report: Report
    unreadable: Callable[[JsonNode], None]
    budget: Budget = field(default_factory=Budget)

    def leaf(self, leaf: Leaf, depth: int = 0) -> bool:
        """Look at one string in its role; False when the budget of the call is used up."""
        node, role, raw = leaf
        try:
            self.budget.spend(_COST.get(role, 9))
            if raw.isascii():
                self._leaf(node, role, raw, depth)
                return True
            if role is LeafRole.COMMAND or role is LeafRole.SQL:
                self._leaf(node, role, raw, depth)
            self._leaf(node, role, fold(raw), depth, folded=True)
        except TooComplexError:
            self.unreadable(node)
            return False
        return True

    def _leaf(self, node: JsonNode, role: LeafRole, text: str, depth: int, *, folded: bool = False) -> None:
        """A command or a statement that is not ASCII comes twice: as it is, for what runs it, and folded."""
        if role is LeafRole.COMMAND:
            self.command(node, text, certain=not folded)
            return
        if role is LeafRole.PROSE:
            self._prose(node, text)
            return
        if role is LeafRole.SQL:
            self.sql(node, text, strict=False, certain=not folded)
        elif role is LeafRole.CODE:
            self.code(node, text)
        elif role is LeafRole.QUERY or role is LeafRole.PLAIN:
            self._shaped(node, role, text, depth)
        if "//" in text or "%" in text or ":" in text:
            self.hosts(node, url_hosts(text))
        if role is LeafRole.PATH or role is not LeafRole.CODE and role is not LeafRole.SQL and is_path_shaped(text):
            self.path(node, text)
        if (
            len(text) <= 2048
            and role in (LeafRole.PLAIN, LeafRole.HOST, LeafRole.PATH, LeafRole.QUERY)
            and not any(char in text for char in " \n")
        ):
            host = bare_host(text, numeric=role is LeafRole.HOST)
            if host is not None:
                self.hosts(node, (host,))
        elif role is LeafRole.HOST:
            for word in text.replace(",", " ").split()[:256]:
                host = bare_host(word)
                if host is not None:
                    self.hosts(node, (host,))

    def _prose(self, node: JsonNode, text: str) -> None:
        stripped = text.strip()
        if len(stripped) < 2048 and " " not in stripped and "\n" not in stripped:
            if "//" in stripped:
                self.hosts(node, url_hosts(stripped))
        elif self.rules.own_hosts and "://" in text:
            self.budget.spend(text.count("://") * 4)
            for host in url_hosts(text):
                for entry in self.rules.own_hosts.match(host):
                    self.report(entry, node)

    def _shaped(self, node: JsonNode, role: LeafRole, text: str, depth: int) -> None:
        """A string under a key that says nothing: command, statement, program text or payload if it is shaped so."""
        if len(text) > _MAX_TEXT:
            text = text[:_MAX_TEXT]
        if is_sql_shaped(text):
            self.sql(node, text, strict=True)
        else:
            if ";" in text and (injected := _INJECTED.match(text)):
                self.sql(node, injected[1], strict=False)
            for check in document_hazards(text):
                self.check(check, node)
        if role is LeafRole.PLAIN:
            if depth < 3 and text[:1] in "{[" and text[-1:] in "}]" and len(text) > 4:
                try:
                    value = orjson.loads(text)
                except orjson.JSONDecodeError:
                    value = None
                if isinstance(value, Mapping):
                    self._nested(node, value, depth)
            if self._is_command_shaped(text):
                self.command(node, text, certain=False)
            elif CALLS_HINT.search(text):
                self.code(node, text)
            elif depth < 3 and _ENCODED.fullmatch(text):
                for plain in (base64_decoded(text), hex_decoded(text)):
                    if plain is not None and len(plain) > 3:
                        self._leaf(node, LeafRole.PLAIN, plain, depth + 1)

    def _nested(self, node: JsonNode, value: Mapping[str, Any], depth: int) -> None:
        for inner in leaves(value, ToolShape()):
            self.leaf((node, inner[1], inner[2]), depth + 1)

    def _is_command_shaped(self, text: str) -> bool:
        found = _FIRST_WORDS.match(text)
        if found is None or len(text) > 8192:
            return False
        name = program_name(found[1].strip("\"'"))
        return (
            name in KNOWN_PROGRAMS or name.startswith("mkfs") or found[1].startswith(("$", ":", "./", "/bin/", "/usr/"))
        ) and (_SHELLISM.search(text) is not None or _BARE_COMMAND.fullmatch(text) is not None)

    def command(self, node: JsonNode, text: str, *, certain: bool = True) -> None:
        """A command line: what it would do, open, reach and send to a database."""
        commands = read_commands(text, self.budget)
        if certain and (commands.lost or not commands.complete):
            self.unreadable(node)
        for check in command_hazards(commands, text):
            self.check(check, node)
        for entry, pattern in self.rules.commands:
            if pattern.matches(commands):
                self.report(entry, node)
        self._touched(node, commands)

    def _touched(self, node: JsonNode, commands: Commands) -> None:
        seen: set[str] = set()
        for path in reach.opened_paths(commands):
            if path not in seen and ("/" in path or "." in path or "\\" in path or "~" in path or path in _BARE_FILES):
                seen.add(path)
                self.path(node, path)
        self.hosts(node, reach.reached_hosts(commands))
        for statement in reach.statement_texts(commands):
            self.sql(node, statement, strict=False)
        for command in commands.commands:
            if command.code:
                self.code(node, command.code, shells=False)

    def sql(self, node: JsonNode, text: str, *, strict: bool, certain: bool = False) -> None:
        """Statements; what follows a quote that closes a statement of somebody else's is one too.

        Where it is `certain` that the text is meant as one, it is reported when it cannot be read to its end.
        """
        if ";" in text and not is_sql_shaped(text) and (injected := _INJECTED.match(text)):
            text = injected[1]
        read = read_statements(text, self.budget)
        if read.lost and certain:
            self.unreadable(node)
        for check in statement_hazards(read.found, self.budget, strict=strict):
            self.check(check, node)
        for check in document_hazards(text):
            self.check(check, node)
        if self.rules.statements:
            for entry, pattern in self.rules.statements:
                if pattern.matches(read.found):
                    self.report(entry, node)

    def code(self, node: JsonNode, text: str, *, shells: bool = True) -> None:
        """Program text: the commands it hands to a shell, the paths and hosts it writes as literals."""
        if len(text) > _MAX_CODE and CALLS_HINT.search(text[_MAX_CODE:]):
            raise TooComplexError
        text = text[:_MAX_CODE]
        self.budget.spend(len(text) // 64)
        for check in code_hazards(text):
            self.check(check, node)
        for check in document_hazards(text):
            self.check(check, node)
        if shells:
            for inner, _ in shell_texts(text):
                self.command(node, inner, certain=False)
            for path in reach.code_paths(text):
                self.path(node, path)
            self.hosts(node, url_hosts(text))
        for found in _CODE_CALL.finditer(text):
            commands = read_commands("rm -rf '" + (found[1] or found[2]) + "'", self.budget)
            for check in command_hazards(commands, ""):
                self.check(check, node)
        for literal in _SQL_LITERAL.finditer(text) if _RUNS_SQL.search(text) else ():
            if is_sql_shaped(literal[1] or literal[2] or literal[3]):
                self.sql(node, literal[1] or literal[2] or literal[3], strict=True)

    def path(self, node: JsonNode, text: str) -> None:
        """One path."""
        if self.rules.paths and len(text) <= MAX_PATH:
            self.budget.spend()
            for entry in self.rules.paths.match(text):
                self.report(entry, node)

    def hosts(self, node: JsonNode, found: Iterable[Host]) -> None:
        """Hosts."""
        for host in found:
            self.budget.spend(6)
            for entry in self.rules.hosts.match(host):
                self.report(entry, node)

    def check(self, check: str, node: JsonNode) -> None:
        """A shipped check that was met."""
        if check in self.rules.checks:
            self.report(check, node)


_RUNS_SQL = re.compile(
    r"\b(?:execute\w*|query\w*|raw\w*|exec_driver_sql|executescript|\$executeRaw\w*|\$queryRaw\w*|read_sql\w*|sql"
    r"|cursor|exec|run|prepare)\s*\(",
    re.IGNORECASE,
)
_INJECTED = re.compile(
    r"[^;]{0,64}['\"]\s*\)*\s*;\s*((?:drop|delete|truncate|update|alter|insert|exec|grant|shutdown)\b.*)",
    re.IGNORECASE | re.DOTALL,
)
_BARE_COMMAND = re.compile(
    r"\s*(?:reboot|halt|poweroff|init\s+[06]|shutdown(?:\s+now)?|(?:dropdb|userdel)\s+[\w-]+)\s*", re.IGNORECASE
)
_SQL_LITERAL = re.compile(r"\"\"\"(.{4,4000}?)\"\"\"|\"([^\"\n]{6,4000})\"|'([^'\n]{6,4000})'", re.DOTALL)
_BARE_FILES = frozenset("id_rsa id_ed25519 id_ecdsa id_dsa kubeconfig credentials".split())

KNOWN_PROGRAMS = frozenset(
    "rm rmdir unlink shred wipe srm dd mkfs mke2fs mkswap wipefs blkdiscard fdisk sfdisk sgdisk parted hdparm "
    "cryptsetup lvremove vgremove pvremove zpool zfs diskutil format diskpart mv cp tee truncate ln install sed find "
    "chmod chown chgrp chattr icacls takeown "
    "shutdown reboot halt poweroff init systemctl service kill killall pkill iptables nft ufw setenforce auditctl "
    "netsh vssadmin wbadmin bcdedit wmic wevtutil history unset journalctl userdel deluser passwd usermod useradd "
    "chpasswd crontab apt apt-get yum dnf rpm "
    "dpkg pacman terraform tofu terragrunt pulumi cdk kubectl oc helm eksctl kops aws gcloud gsutil az doctl heroku "
    "fly flyctl docker podman docker-compose gh git dropdb mysqladmin redis-cli psql mysql sqlite3 mongo mongosh "
    "rails rake php artisan npx prisma curl wget nc ncat "
    "netcat socat telnet ssh scp rsync bash sh zsh dash ksh sudo doas env nohup timeout nice busybox xargs eval exec "
    "source python python3 perl ruby node powershell pwsh cmd iex invoke-expression iwr irm invoke-webrequest "
    "remove-item del erase rd ri reg net sc certutil "
    "mshta regsvr32 rundll32 bitsadmin cat less more head tail tac nl strings xxd od base64 openssl tar zip gpg vim "
    "vi nano awk echo printf cd export set alias if for while true trap su chroot virsh vagrant etcdctl consul vault "
    "nomad argocd flux velero rclone s3cmd "
    "manage.py django-admin alembic mix stop-computer clear-eventlog format-volume clear-disk "
    "set-mppreference get-content gc type history pushd time watch nsenter unshare".split()
)
