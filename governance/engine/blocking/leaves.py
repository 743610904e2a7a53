"""The strings of a call's arguments, each with its JSON pointer and what it is taken for.

What a string is, is decided by the key it stands under; a well-known tool can make its own text a command; everything
else goes by shape. Prose is never a command: keys that carry text for readers are `PROSE`.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache
from types import NoneType
from typing import Any

from governance.engine.normalise.shell.budget import TooComplexError


class LeafRole(IntEnum):
    """What a string under a key is taken for."""

    PROSE = 0
    PLAIN = 1
    COMMAND = 2
    SQL = 3
    PATH = 4
    HOST = 5
    QUERY = 6
    CODE = 7


_ROLES: Mapping[LeafRole, str] = {
    LeafRole.COMMAND: "command cmd commands cmds script scripts shell bash sh zsh exec execute run commandline "
    "cmdline argv shellcommand shellscript "
    "bashcommand powershell powershellcommand runcommand startupscript userdata entrypoint preinstall postinstall "
    "prestart poststart oncommand "
    "terminalcommand commandtoexecute inlinescript runscript buildcommand startcommand testcommand installcommand "
    "cronjob crontab",
    LeafRole.SQL: "sql sqlquery sqlstatement statement statements stmt querysql rawsql rawquery sqltext "
    "sqlcommand dbquery databasequery cypher cql hql soql "
    "querystring querytext ddl dml",
    LeafRole.QUERY: "query queries q expression pipeline filter aggregate operation",
    LeafRole.PATH: "path paths file files filename filenames filepath filepaths dir dirs directory directories "
    "folder folders cwd workdir workingdirectory "
    "notebookpath targetpath sourcepath destinationpath destpath srcpath outputpath inputpath outputfile inputfile "
    "outfile infile localpath remotepath "
    "absolutepath relativepath relpath abspath rootpath basepath root targetfile sourcefile oldpath newpath from to "
    "src dst dest source destination "
    "filesource pathname keyfile certfile envfile configfile kubeconfig savepath uploadpath downloadpath attachment "
    "attachments mount volume location "
    "targetdirectory sourcedirectory rootdir searchpath documentpath objectpath artifactpath logfile dbpath archive",
    LeafRole.HOST: "url urls uri uris host hosts hostname hostnames domain domains endpoint endpoints address "
    "addresses ip ips ipaddress ipaddresses server "
    "serverurl baseurl apiurl targeturl callbackurl webhook webhookurl webhooks webhookuri callback redirect "
    "redirecturl redirecturi link links href "
    "site proxy proxyurl remoteurl repository repositoryurl repo repourl imageurl sourceurl destinationurl feedurl "
    "posturl origin remote fqdn dns upstream",
    LeafRole.CODE: "code python pythoncode javascript js source_code sourcecode snippet cell cellsource "
    "newsource program function expressioncode program_code",
    LeafRole.PROSE: "message messages description descriptions content contents text texts body title titles "
    "prompt prompts comment comments summary subject "
    "note notes reason reasons caption reply answer question explanation instructions instruction oldstring newstring "
    "oldstr newstr oldtext newtext "
    "commitmessage justification markdown html thinking thought thoughts label labels name displayname feedback "
    "review bio about abstract headline "
    "pattern regex regexp glob search searchquery searchterm keyword keywords term terms needle find replace "
    "replacement diff patch template "
    "systemprompt userprompt taskdescription changelog release_notes releasenotes story transcript utterance quote "
    "observation observations context "
    "contextlines data_description details detail doc docs documentation example examples error errormessage output "
    "stdout stderr log logs result "
    "tags tag topic activeform header footer paragraph insertline inserttext insertiontext filetext",
}

_ROLE_OF_KEY: dict[str, LeafRole] = {
    key.replace("_", ""): role for role, keys in _ROLES.items() for key in keys.split()
}

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SEPARATORS = re.compile(r"[^A-Za-z0-9]+")


@lru_cache(maxsize=8192)
def role_of(key: str) -> LeafRole:
    """What a string under `key` is: the whole key decides, else its last word (`backup_file_path` → `path`), else
    `PLAIN`.
    """
    words = [word for word in _SEPARATORS.split(_CAMEL.sub("_", key[:128])) if word]
    if not words:
        return LeafRole.PLAIN
    joined = "".join(words).lower()
    role = _ROLE_OF_KEY.get(joined)
    if role is None and len(words) > 1:
        role = _ROLE_OF_KEY.get("".join(words[-2:]).lower()) or _ROLE_OF_KEY.get(words[-1].lower())
    return LeafRole.PLAIN if role is None else role


_SHELL_TOOL = re.compile(
    r"(?:^|[/_.:-])(?:bash|shell|sh|terminal|exec|execute|command|cmd|powershell|run_?command|run_?in_?terminal"
    r"|run_?shell_?command|send_?keys|"
    r"local_?shell|ssh|run_?terminal_?cmd|execute_?command|run_?script|repl|console|shell_?exec|bash_?tool"
    r"|beforeshellexecution)(?:$|[_.:-])"
)
_SQL_TOOL = re.compile(
    r"(?:^|[/_.:-])(?:sql|postgres(?:ql)?|mysql|mariadb|sqlite3?|mssql|snowflake|bigquery|redshift|clickhouse|duckdb"
    r"|db|database|query|oracle|cockroach|supabase|neon)(?:$|[/_.:-])"
)
_CODE_TOOL = re.compile(
    r"(?:^|[/_.:-])(?:python|code|interpreter|node|javascript|ruby|perl|jupyter|notebook|eval|sandbox|repl"
    r"|ipython)(?:$|[_.:-])"
)
_SEARCH_TOOL = re.compile(
    r"(?:^|[/_.:-])(?:web_?search|search|grep|find_in|google|bing|docs?|lookup|todo_?write|think|memory|remember)(?:$"
    r"|[_.:-])"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolShape:
    """What a tool's own name says about its arguments, and what the keys met under it were taken for."""

    shell: bool = False
    sql: bool = False
    code: bool = False
    search: bool = False
    roles: dict[str, LeafRole] = field(default_factory=dict, compare=False, repr=False)


@lru_cache(maxsize=4096)
def tool_shape(entity: str) -> ToolShape:
    """The shape of `server/tool` by its name: `claude-code/Bash` runs commands, `pg/run_sql` statements."""
    name = _CAMEL.sub("_", entity.partition("/")[2] or entity).lower()
    whole = _CAMEL.sub("_", entity).lower()
    return ToolShape(
        shell=_SHELL_TOOL.search(name) is not None,
        sql=_SQL_TOOL.search(whole) is not None,
        code=_CODE_TOOL.search(name) is not None,
        search=_SEARCH_TOOL.search(name) is not None,
    )


_CODE_TEXT_KEYS = frozenset({"input", "text", "source", "content", "cell", "expression"})
_SHELL_TEXT_KEYS = frozenset("text input keys content data body line lines stdin args arguments message value".split())


MOST_ROLES = 1_024  # keys remembered for a tool; callers choose them, so they are dropped together when there are more


def role_in(shape: ToolShape, key: str) -> LeafRole:
    """`role_of(key)`, corrected by what the tool is: a terminal's `text` is a command, a search tool's `query` is
    prose.
    """
    role = shape.roles.get(key)
    if role is None:
        if len(shape.roles) >= MOST_ROLES:
            shape.roles.clear()
        role = shape.roles[key[:128]] = _role_in(shape, key)
    return role


def _role_in(shape: ToolShape, key: str) -> LeafRole:
    role = role_of(key)
    if shape.code and role in (LeafRole.PLAIN, LeafRole.PROSE, LeafRole.QUERY) and key.lower() in _CODE_TEXT_KEYS:
        return LeafRole.CODE
    if (
        shape.shell
        and not (shape.code and role is LeafRole.CODE)
        and role in (LeafRole.PROSE, LeafRole.PLAIN, LeafRole.CODE)
        and key.lower() in _SHELL_TEXT_KEYS | {"code"}
    ):
        return LeafRole.COMMAND
    if shape.search and role is LeafRole.QUERY:
        return LeafRole.PROSE
    if shape.sql and role is LeafRole.QUERY:
        return LeafRole.SQL
    return role


@dataclass(slots=True)
class JsonNode:
    """Where a value stands: its key or index, and its parent; None at the root."""

    parent: JsonNode | None
    key: str | int

    def pointer(self) -> str:
        """The JSON pointer (RFC 6901)."""
        parts: list[str] = []
        node: JsonNode | None = self
        while node is not None:
            parts.append(str(node.key).replace("~", "~0").replace("/", "~1"))
            node = node.parent
        return "".join("/" + part for part in reversed(parts))


MAX_LEAVES = 20_000
"""Values that a call may hold; one with more is not looked through but refused."""

Leaf = tuple[JsonNode, LeafRole, str]
_COMMAND = LeafRole.COMMAND
_ATOMS = frozenset({int, float, bool, NoneType})
_PROGRAM_KEYS = frozenset({"program", "executable", "binary"})
_WORD_LISTS = frozenset({"args", "arguments"})
_COMMAND_LISTS = frozenset("command cmd argv args arguments exec entrypoint commandline".split())


def leaves(arguments: Mapping[str, Any], shape: ToolShape, *, numbers: bool = True) -> list[Leaf]:
    """Every string of the arguments, and every number under a host's key, with its role.

    A list of words under a command's key, and a command with a sibling list of arguments, come as one command line too.
    """
    found: list[Leaf] = []
    stack: list[tuple[JsonNode | None, LeafRole, Any]] = [(None, LeafRole.PLAIN, arguments)]
    known = shape.roles
    while stack:
        at, role, value = stack.pop()
        if len(found) + len(value) > MAX_LEAVES:
            raise TooComplexError
        if type(value) is dict or isinstance(value, Mapping):
            program: tuple[JsonNode, str] | None = None
            words: list[Any] | None = None
            words_at: JsonNode | None = None
            for key, inner in value.items():
                kind = known.get(key)
                if kind is None:
                    kind = role_in(shape, key)
                node = JsonNode(at, key)
                sort = type(inner)
                if sort is str:
                    found.append((node, kind, inner))
                    if kind is _COMMAND or key in _PROGRAM_KEYS:
                        program = program or (node, inner)
                elif sort in _ATOMS:
                    if kind is LeafRole.HOST and sort is int:
                        found.append((node, kind, str(inner)))
                elif isinstance(inner, list):
                    lowered = key.lower()
                    if inner and type(inner[0]) is str and (kind is LeafRole.COMMAND or lowered in _COMMAND_LISTS):
                        if lowered in _WORD_LISTS:
                            words = inner
                            words_at = node
                            continue
                        if not any(char.isspace() for char in inner[0]) and not lowered.endswith("s"):
                            found.append((node, LeafRole.COMMAND, _joined(inner)))
                            continue
                    stack.append((node, kind, inner))
                elif isinstance(inner, Mapping):
                    stack.append((node, kind, inner))
            if words is not None:
                if program is not None:
                    found.append((program[0], LeafRole.COMMAND, program[1] + " " + _joined(words)))
                else:
                    stack.append((words_at, LeafRole.PLAIN, words))
        elif isinstance(value, list):
            for place, inner in enumerate(value):
                if type(inner) is str:
                    found.append((JsonNode(at, place), role, inner))
                elif type(inner) not in _ATOMS and isinstance(inner, (list, Mapping)):
                    stack.append((JsonNode(at, place), role, inner))
    return found


def _joined(words: Sequence[Any]) -> str:
    return shlex.join([word for word in words if type(word) is str])
