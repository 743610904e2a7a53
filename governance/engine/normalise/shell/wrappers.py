"""Programs that run another program: where in their words the other one begins."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

SHELLS = frozenset("sh bash zsh dash ksh mksh ash fish csh tcsh rbash bash5 sh5 ion nu elvish xonsh yash".split())
POWERSHELLS = frozenset("powershell pwsh powershell_ise".split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrapper:
    """`valued`: options that take the next word; `skip`: operands before the program; `after`: the word the program
    follows, if any.
    """

    valued: frozenset[str] = frozenset()
    skip: int = 0
    after: str | None = None


def _wrapper(valued: str = "", skip: int = 0, after: str | None = None) -> Wrapper:
    return Wrapper(valued=frozenset(valued.split()), skip=skip, after=after)


WRAPPERS: Mapping[str, Wrapper] = {
    "sudo": _wrapper("-u -g -h -p -C -r -t -T -U -D -R --user --group --host --prompt --chdir --chroot"),
    "doas": _wrapper("-u -C -a"),
    "pkexec": _wrapper("--user -u"),
    "gosu": _wrapper(skip=1),
    "su-exec": _wrapper(skip=1),
    "runuser": _wrapper("-u -g -G -s"),
    "env": _wrapper("-u -C --unset --chdir"),
    "nohup": _wrapper(),
    "nice": _wrapper("-n --adjustment"),
    "ionice": _wrapper("-c -n -p -P -u"),
    "chrt": _wrapper("-T -P -D", skip=1),
    "taskset": _wrapper(skip=1),
    "timeout": _wrapper("-k -s --kill-after --signal", skip=1),
    "gtimeout": _wrapper("-k -s --kill-after --signal", skip=1),
    "time": _wrapper("-f -o"),
    "stdbuf": _wrapper("-i -o -e"),
    "setsid": _wrapper(),
    "setarch": _wrapper(skip=1),
    "unshare": _wrapper("-S -G -R -w"),
    "nsenter": _wrapper("-t --target -S -G"),
    "chroot": _wrapper(skip=1),
    "strace": _wrapper("-o -e -p -s -u -E -P -a -S"),
    "ltrace": _wrapper("-o -e -p -s -u"),
    "watch": _wrapper("-n --interval"),
    "busybox": _wrapper(),
    "toybox": _wrapper(),
    "command": _wrapper(),
    "builtin": _wrapper(),
    "exec": _wrapper("-a"),
    "caffeinate": _wrapper("-t -w"),
    "chronic": _wrapper(),
    "unbuffer": _wrapper(),
    "proxychains": _wrapper("-f"),
    "proxychains4": _wrapper("-f"),
    "torsocks": _wrapper(),
    "torify": _wrapper(),
    "firejail": _wrapper(),
    "systemd-run": _wrapper("-u -p -t -E --unit --property --uid --gid --setenv --slice"),
    "systemd-inhibit": _wrapper(),
    "flock": _wrapper("-w -E", skip=1),
    "dbus-run-session": _wrapper(),
    "xvfb-run": _wrapper("-n -s -e"),
    "parallel": _wrapper("-j --jobs -S --colsep -N -n"),
    "xargs": _wrapper("-I -n -P -d -L -s -E -a --max-args --max-procs --delimiter --replace"),
    "gxargs": _wrapper("-I -n -P -d -L -s -E -a"),
    "winpty": _wrapper(),
    "start": _wrapper(),
    "call": _wrapper(),
    "forfiles": _wrapper(after="/c"),
    "ssh": _wrapper("-b -c -D -E -e -F -I -i -J -L -l -m -O -o -p -Q -R -S -W -w", skip=1),
    "sshpass": _wrapper("-p -f -P"),
    "mosh": _wrapper("--ssh -p", skip=1),
    "lxc-attach": _wrapper(after="--"),
    "fakeroot": _wrapper(),
    "cgexec": _wrapper("-g"),
    "numactl": _wrapper(),
    "prlimit": _wrapper(),
    "rlwrap": _wrapper(),
    "script": _wrapper("-c"),
    "at": _wrapper(),
}

SUBCOMMAND_WRAPPERS: Mapping[tuple[str, str], Wrapper] = {
    ("docker", "exec"): _wrapper("-u -e -w --user --env --workdir --env-file", skip=1),
    ("podman", "exec"): _wrapper("-u -e -w --user --env --workdir", skip=1),
    ("nerdctl", "exec"): _wrapper("-u -e -w --user --env --workdir", skip=1),
    ("kubectl", "exec"): _wrapper(after="--"),
    ("oc", "exec"): _wrapper(after="--"),
    ("kubectl", "debug"): _wrapper(after="--"),
    ("lxc", "exec"): _wrapper(after="--"),
    ("poetry", "run"): _wrapper(),
    ("pipenv", "run"): _wrapper(),
    ("uv", "run"): _wrapper("--with --python -p"),
    ("pdm", "run"): _wrapper(),
    ("bundle", "exec"): _wrapper(),
    ("conda", "run"): _wrapper("-n -p"),
    ("npm", "exec"): _wrapper(after="--"),
    ("nix-shell", "--run"): _wrapper(),
    ("nix", "develop"): _wrapper(after="-c"),
    ("heroku", "run"): _wrapper("-a --app"),
    ("vagrant", "ssh"): _wrapper(after="-c"),
    ("gcloud", "ssh"): _wrapper(after="--command"),
    ("screen", "-dm"): _wrapper("-S"),
    ("screen", "-dmS"): _wrapper(skip=1),
}

_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=")


def wrapped(name: str, words: list[str]) -> tuple[int, bool] | None:
    """Where in `words` (the program's own name is not in it) a wrapped program begins, and whether words there are one
    shell text.

    None when `name` runs nothing else, or nothing follows.
    """
    wrapper = WRAPPERS.get(name)
    at = 0
    if wrapper is None:
        first = next((place for place, word in enumerate(words) if (name, word) in SUBCOMMAND_WRAPPERS), None)
        if first is None or first > 6:
            return None
        wrapper = SUBCOMMAND_WRAPPERS[(name, words[first])]
        at = first + 1
    if wrapper.after is not None:
        for place in range(at, len(words)):
            if words[place].lower() == wrapper.after:
                return (place + 1, True) if place + 1 < len(words) else None
        return None
    skip = wrapper.skip
    while at < len(words):
        word = words[at]
        if word == "--":
            at += 1
            continue
        if word.startswith("-") and len(word) > 1:
            at += 2 if word in wrapper.valued else 1
        elif name in {"sudo", "env", "doas", "systemd-run"} and _ASSIGNMENT.match(word):
            at += 1
        elif skip:
            skip -= 1
            at += 1
        elif name in {"start"} and word.startswith("/"):
            at += 1
        else:
            return at, name in {"ssh", "watch", "parallel", "mosh"}
    return None
