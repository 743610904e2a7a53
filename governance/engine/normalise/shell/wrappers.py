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
    follows, if any, else it is found by the other two; `text`: what follows is one shell text, not words.
    """

    valued: frozenset[str] = frozenset()
    skip: int = 0
    after: str | None = None
    text: bool = False


def _wrapper(valued: str = "", skip: int = 0, after: str | None = None, *, text: bool = False) -> Wrapper:
    return Wrapper(valued=frozenset(valued.split()), skip=skip, after=after, text=text)


_CLUSTER = (
    "-n --namespace -c --container --context --cluster --user -f --filename --kubeconfig --pod-running-timeout "
    "-s --server --token --as"
)
_CONTAINER = (
    "-a --add-host --annotation --attach --blkio-weight --cap-add --cap-drop --cgroup-parent --cgroupns --cidfile -c "
    "--cpu-period --cpu-quota --cpu-shares --cpus --cpuset-cpus --cpuset-mems --device --dns --dns-option --dns-search "
    "--domainname --entrypoint -e --env --env-file --expose --gpus --group-add --health-cmd --health-interval "
    "--health-retries --health-start-period --health-timeout -h --hostname --ip --ip6 --ipc --isolation "
    "--kernel-memory -l --label --label-file --link --log-driver --log-opt --mac-address -m --memory "
    "--memory-reservation --memory-swap --mount --name --net --network --network-alias --oom-score-adj --pid "
    "--pids-limit --platform -p --publish --pull --restart --runtime --security-opt --shm-size --stop-signal "
    "--stop-timeout --storage-opt --sysctl --tmpfs --ulimit -u --user --userns --uts -v --volume --volume-driver "
    "--volumes-from -w --workdir --pod --secret"
)


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
    "watch": _wrapper("-n --interval", text=True),
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
    "parallel": _wrapper("-j --jobs -S --colsep -N -n", text=True),
    "xargs": _wrapper("-I -n -P -d -L -s -E -a --max-args --max-procs --delimiter --replace"),
    "gxargs": _wrapper("-I -n -P -d -L -s -E -a"),
    "winpty": _wrapper(),
    "start": _wrapper(),
    "call": _wrapper(),
    "forfiles": _wrapper(after="/c", text=True),
    "ssh": _wrapper("-b -c -D -E -e -F -I -i -J -L -l -m -O -o -p -Q -R -S -W -w", skip=1, text=True),
    "sshpass": _wrapper("-p -f -P"),
    "mosh": _wrapper("--ssh -p", skip=1, text=True),
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
    **dict.fromkeys((("docker", "run"), ("podman", "run"), ("nerdctl", "run")), _wrapper(_CONTAINER, skip=1)),
    **dict.fromkeys((("docker-compose", "run"), ("docker-compose", "exec")), _wrapper(_CONTAINER, skip=1)),
    **dict.fromkeys((("kubectl", "exec"), ("oc", "exec"), ("oc", "rsh")), _wrapper(_CLUSTER, 1, "--")),
    **dict.fromkeys((("kubectl", "debug"), ("oc", "debug"), ("kubectl", "run")), _wrapper(_CLUSTER, 1, "--")),
    ("lxc", "exec"): _wrapper("--cwd --env --user --group --mode", 1, "--"),
    ("incus", "exec"): _wrapper("--cwd --env --user --group --mode", 1, "--"),
    ("poetry", "run"): _wrapper(),
    ("pipenv", "run"): _wrapper(),
    ("uv", "run"): _wrapper("--with --python -p"),
    ("pdm", "run"): _wrapper(),
    ("bundle", "exec"): _wrapper(),
    ("conda", "run"): _wrapper("-n -p"),
    ("npm", "exec"): _wrapper("-p --package -w --workspace", 0, "--"),
    ("npx", "-c"): _wrapper(text=True),
    ("npm", "-c"): _wrapper(text=True),
    ("nix-shell", "--run"): _wrapper(),
    ("nix", "-c"): _wrapper(),
    ("nix", "--command"): _wrapper(),
    ("nix", "run"): _wrapper(after="--"),
    ("heroku", "run"): _wrapper("-a --app"),
    ("vagrant", "ssh"): _wrapper(after="-c", text=True),
    ("gcloud", "ssh"): _wrapper(after="--command", text=True),
    ("screen", "-dm"): _wrapper("-S"),
    ("screen", "-dmS"): _wrapper(skip=1),
}

_CONTAINERS = frozenset("docker podman nerdctl docker-compose".split())
"""What follows the operand of these is the program's, options too."""
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
                return (place + 1, wrapper.text) if place + 1 < len(words) else None
        if not wrapper.skip:
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
            if not skip and name in _CONTAINERS and at < len(words):
                return at, wrapper.text
        elif name in {"start"} and word.startswith("/"):
            at += 1
        else:
            return at, wrapper.text
    return None


def entry_point(words: list[str]) -> list[str]:
    """The program that a container's options name in the place of its image's own; what follows are its words."""
    for place, word in enumerate(words):
        if word.startswith("--entrypoint"):
            named = word.partition("=")[2] if "=" in word else "".join(words[place + 1 : place + 2])
            return [named] if named else []
    return []
