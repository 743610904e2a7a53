"""Running what was downloaded, decoded or handed in from elsewhere, and sending out what should stay."""

from __future__ import annotations

import re
from collections.abc import Iterator

import re2

from governance.engine.normalise.shell.command import Program
from governance.engine.normalise.shell.commands import Commands
from governance.engine.normalise.shell.marks import DECODED, FETCHED
from governance.engine.normalise.shell.outputs import FETCHERS
from governance.engine.normalise.shell.wrappers import SHELLS

_INTERPRETERS = re.compile(
    r"(?:python|perl|ruby|node|php|lua|deno|bun|osascript|pwsh|powershell|iex|invoke-expression|source|\.|eval)[\d.]*$"
)
_SENDERS = frozenset(
    "curl wget nc ncat netcat socat telnet ssh ftp http https scp rsync openssl mail mailx sendmail xh".split()
)
_ENVIRONMENT = frozenset("env printenv set export declare history compgen".split())

_REMOTE_CODE = re2.compile(
    r"(?is)"
    r"(?:exec|eval|os\.system|subprocess\.\w+|__import__|compile|Function|vm\.runIn\w+"
    r"|instance_eval)\s*\(?\s*(?:\w+\()*\s*(?:urllib|requests|urlopen|httpx|fetch|open\s*\(?\s*[\"']https?:|Net::HTTP"
    r"|http\.get|LWP|get\s*\(\s*[\"']http|(?:await\s+)?\(?await\s+fetch|file_get_contents\s*\(\s*[\"']http)"
    r"|(?:requests\.get|urlopen|urllib\.request\.urlopen|httpx\.get)\s*\([^)]*\)\.?(?:read\(\)|text"
    r"|content)?[^;\n]{0,40};\s*exec\("
    r"|(?:exec|eval)\s*\(\s*(?:__import__\([\"'](?:base64|zlib|marshal|codecs)[\"']\)|base64\.b64decode"
    r"|zlib\.decompress|marshal\.loads|codecs\.decode|bytes\.fromhex|atob\(|Buffer\.from\([^)]*base64|base64_decode\("
    r"|gzinflate\()"
)
_REVERSE = re2.compile(
    r"(?is)"
    r"/dev/(?:tcp|udp)/[\w.$\x{e000}-]+/|socket\.socket\([^)]*\).{0,200}(?:dup2|subprocess|pty\.spawn|os\.system|exec)"
    r"|s\.connect\(.{0,160}(?:dup2|pty\.spawn|subprocess\.call)|IO\.popen.{0,80}TCPSocket|TCPSocket\.(?:new"
    r"|open).{0,200}(?:exec|spawn|popen)|"
    r"fsockopen\(.{0,120}(?:exec|system|proc_open|shell_exec|passthru)|net\.connect\(.{0,120}spawn"
    r"|new\s+net\.Socket.{0,200}(?:spawn|exec)|Net\.Sockets\.TCPClient|use\s+Socket;.{0,300}exec|\.pipe\(\s*\w+\.stdin"
)
_POWERSHELL_REMOTE = re2.compile(
    r"(?is)"
    r"(?:iex|invoke-expression)\b[^\n;]{0,80}(?:downloadstring|iwr|irm|invoke-webrequest|invoke-restmethod|webclient"
    r"|wget|curl)|(?:downloadstring|iwr|irm|invoke-webrequest|invoke-restmethod|curl|wget)[^\n;]{0,300}\|\s*(?:iex"
    r"|invoke-expression)\b|"
    r"\[scriptblock\]::create\([^\n]{0,80}(?:downloadstring|iwr|irm|webclient)"
    r"|frombase64string\([^\n]{0,400}\|\s*(?:iex|invoke-expression)|(?:iex"
    r"|invoke-expression)[^\n]{0,120}frombase64string|downloadfile\([^\n]{0,300};\s*(?:start|&|\.|invoke-item"
    r"|start-process)"
)


def reads_remote(command: Program) -> Iterator[str]:
    """A shell or an interpreter whose program text comes from a download or a decoder."""
    shell = command.name in SHELLS or _INTERPRETERS.match(command.name) is not None
    if not shell:
        return
    operands = [word for word in command.words if not word.startswith("-")]
    own_text = command.code is not None or any(re.fullmatch(r"-[a-z]*[ce]|-m|-[np]e", word) for word in command.words)
    texts = [word for word in command.words if FETCHED in word or DECODED in word]
    texts += [redirect.target for redirect in command.redirects if redirect.operator in {"<", "<<<", "<<"}]
    from_input = (
        command.stdin is not None
        and not own_text
        and (
            not operands
            or operands[0] in {"-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"}
            or (command.name in SHELLS and "-s" in command.words)
        )
    )
    if from_input and command.stdin is not None:
        texts.append(command.stdin)
    for text in texts:
        if FETCHED in text:
            yield "pipe-to-shell"
        if DECODED in text:
            yield "encoded-shell"
    if (
        not own_text
        and command.stdin is None
        and (not operands or operands[0] == "-")
        and any(
            source.name in FETCHERS | {"nc", "ncat", "netcat", "socat", "telnet", "ssh", "scp", "ftp", "dig"}
            for source in command.sources()
        )
    ):
        if not any(source.name in {"ssh", "scp", "ftp"} for source in command.sources()):
            yield "pipe-to-shell"


def downloaded_then_run(commands: Commands) -> Iterator[str]:
    """`curl -o x …; sh x`: a file that one command downloads and a later one runs as a script."""
    files: set[str] = set()
    for command in commands.commands:
        if command.name in FETCHERS:
            files |= _downloads(command)
        elif files:
            name = command.written
            script = next((word for word in command.words if not word.startswith("-")), "")
            if (
                (command.name in SHELLS or _INTERPRETERS.match(command.name))
                and _base(script) in files
                and "-m" not in command.words
            ) or (
                "/" in name and _base(name) in files and name.startswith(("./", "/tmp/", "/dev/shm/", "/var/tmp/", "~"))
            ):
                yield "pipe-to-shell"


def _base(path: str) -> str:
    return path.rpartition("/")[2]


def _downloads(command: Program) -> set[str]:
    found: set[str] = set()
    words = command.words
    for place, word in enumerate(words):
        following = words[place + 1] if place + 1 < len(words) else ""
        if (
            word in {"-o", "--output", "-O", "--output-document", "-OutFile", "-outfile", "--out"}
            and not (command.name == "curl" and word == "-O")
            or re.fullmatch(r"-[a-zA-Z]*o", word)
            and command.name == "curl"
        ):
            found.add(_base(following))
        elif word.startswith(("--output=", "--output-document=")):
            found.add(_base(word.partition("=")[2]))
        elif "://" in word and (
            command.name in {"wget", "aria2c", "axel"}
            or any(re.fullmatch(r"-[a-zA-Z]*O[a-zA-Z]*|--remote-name", each) for each in words)
        ):
            found.add(_base(word.partition("?")[0]))
    found |= {_base(redirect.target) for redirect in command.redirects if redirect.operator in {">", ">|"}}
    return {name for name in found if name and name not in {"null", "-"}}


def connects_back(command: Program) -> Iterator[str]:
    """Netcat and its like with a shell on the other end."""
    name, words = command.name, command.words
    joined = " ".join(words)
    if name in {"nc", "ncat", "netcat", "nc.traditional", "nc.openbsd", "pwncat"}:
        if (
            any(
                re.fullmatch(r"-[a-zA-Z]*[ec]", word) and following
                for word, following in zip(words, [*words[1:], ""], strict=True)
            )
            and re.search(r"\b(?:sh|bash|cmd(?:\.exe)?|powershell(?:\.exe)?|zsh|ash|dash)\b", joined)
            or "--exec" in joined
            or "--sh-exec" in joined
            or any(source.name in SHELLS for source in command.sources())
        ):
            yield "reverse-shell"
    elif name == "socat":
        if re.search(r"(?i)\b(?:exec|system):", joined) and re.search(r"(?i)tcp|udp|openssl", joined):
            yield "reverse-shell"
    elif (
        name in SHELLS
        and any("/dev/tcp/" in redirect.target or "/dev/udp/" in redirect.target for redirect in command.redirects)
        or name in SHELLS
        and any(source.name in {"nc", "ncat", "netcat", "telnet", "socat"} for source in command.sources())
        or name == "openssl"
        and "s_client" in words
        and any(source.name in SHELLS for source in command.sources())
        or name in {"msfvenom", "msfconsole"}
    ):
        yield "reverse-shell"
    elif (
        name in {"certutil"}
        and any(word.lower().lstrip("-/") in {"urlcache", "verifyctl"} for word in words)
        or name in {"mshta", "regsvr32", "rundll32", "msiexec", "installutil", "wscript", "cscript"}
        and re.search(r"(?i)https?:|javascript:|vbscript:|\\\\\\\\", joined)
        or name == "bitsadmin"
        and "/transfer" in joined.lower()
    ):
        yield "pipe-to-shell"


def sends_environment(command: Program) -> Iterator[str]:
    """`env | curl -d @-`: every variable of the process, or the shell's history, to another machine."""
    if command.name in _SENDERS and any(source.name in _ENVIRONMENT for source in command.sources()):
        yield "environment-upload"


def code_hazards(text: str) -> Iterator[str]:
    """Program text that runs a download, or hands a shell to a socket."""
    if _REMOTE_CODE.search(text) or _POWERSHELL_REMOTE.search(text):
        yield "pipe-to-shell"
    if _REVERSE.search(text):
        yield "reverse-shell"
