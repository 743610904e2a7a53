"""Disks, power, accounts, protection and records of a machine."""

from __future__ import annotations

import re
from collections.abc import Iterator

from governance.engine.blocking.hazards.targets import is_device, is_protected
from governance.engine.normalise.shell.command import Program


def _asks_help(command: Program) -> bool:
    return any(word in {"--help", "--version", "/?", "-?"} for word in command.words)


def disk(command: Program) -> Iterator[str]:
    """`dd`, `mkfs`, partition tables, volumes, pools."""
    name, words = command.name, command.words
    lowered = [word.lower() for word in words]
    operands = [word for word in words if not word.startswith("-")]
    if _asks_help(command):
        return
    if name in {"dd", "dcfldd", "dc3dd"}:
        if any(
            word.startswith("of=")
            and (is_device(word[3:]) or (is_protected(word[3:]) and word[3:] not in {"."} and "/" in word))
            for word in words
        ):
            yield "overwrite-disk"
    elif name.startswith(("mkfs", "mke2fs", "mkswap", "newfs", "mkntfs", "mkdosfs")):
        if any(is_device(word) for word in operands) or not any(
            re.search(r"\.(?:img|raw|iso|bin)$", word) for word in operands
        ):
            yield "overwrite-disk"
    elif name in {
        "wipefs",
        "blkdiscard",
        "badblocks",
        "sgdisk",
        "sfdisk",
        "parted",
        "fdisk",
        "cfdisk",
        "gdisk",
        "hdparm",
        "nvme",
        "cryptsetup",
        "mdadm",
    }:
        wants = {
            "wipefs": {"-a", "--all", "-af", "-fa"},
            "blkdiscard": None,
            "badblocks": {"-w", "-wsv", "-wvs"},
            "sgdisk": {"-Z", "--zap-all", "-z", "--zap", "-o", "--clear", "-d"},
            "sfdisk": {"--delete", "--force"},
            "parted": {"mklabel", "rm", "mktable", "mkpart", "resizepart"},
            "hdparm": {"--security-erase", "--security-erase-enhanced", "--trim-sector-ranges"},
            "nvme": {"format", "sanitize"},
            "cryptsetup": {"luksformat", "erase", "lukserase", "luksremovekey", "lukskillslot"},
            "mdadm": {"--zero-superblock", "--stop", "--remove"},
            "fdisk": set(),
            "gdisk": set(),
            "cfdisk": set(),
        }[name]
        if (
            wants is None
            or any(word in wants or word.lower() in wants for word in words)
            or (command.stdin is not None and name in {"fdisk", "gdisk"})
        ):
            yield "overwrite-disk"
    elif name in {"lvremove", "vgremove", "pvremove", "zpool", "zfs", "btrfs"}:
        if (
            name.endswith("remove")
            or "destroy" in words
            or words[:2] == ["subvolume", "delete"]
            or "labelclear" in words
        ):
            yield "overwrite-disk"
    elif name == "diskutil":
        if (
            any(word.startswith(("erase", "secureerase", "zerodisk", "reformat", "partitiondisk")) for word in lowered)
            or "deletecontainer" in lowered
            or "deletevolume" in lowered
        ):
            yield "overwrite-disk"
    elif name == "format":
        if any(re.fullmatch(r"[a-z]:\\?", word) for word in lowered):
            yield "overwrite-disk"
    elif name == "diskpart":
        if command.stdin is not None and "clean" in command.stdin.lower() or any(word in {"/s"} for word in lowered):
            yield "overwrite-disk"
    elif name in {"format-volume", "clear-disk", "initialize-disk", "remove-partition", "reset-physicaldisk"}:
        if "-whatif" not in lowered:
            yield "overwrite-disk"
    elif name == "cipher" and any(word.startswith("/w") for word in lowered):
        yield "overwrite-disk"


def power(command: Program) -> Iterator[str]:
    """Stopping the machine, or every process on it."""
    name, words = command.name, command.words
    if _asks_help(command):
        return
    if name in {"reboot", "halt", "poweroff", "stop-computer", "restart-computer"}:
        if not {"-w", "--wtmp-only", "-whatif", "-WhatIf"} & set(words):
            yield "stop-machine"
    elif name == "shutdown":
        if words and not {"-c", "--show", "/a", "-a", "-k"} & set(words):
            yield "stop-machine"
    elif (
        name in {"init", "telinit"}
        and words[:1] in (["0"], ["6"], ["1"])
        or name in {"systemctl", "loginctl"}
        and {
            "poweroff",
            "reboot",
            "halt",
            "emergency",
            "rescue",
            "kexec",
            "soft-reboot",
            "hibernate",
        }
        & set(words[:3])
        or (
            name == "kill"
            and "-1" in command.words[1:]
            and any(word in {"-9", "-KILL", "-SIGKILL", "-s", "-15", "-TERM", "--"} for word in words)
        )
        or name in {"killall5"}
        or (name == "pkill" and ({"-u", "-U"} & set(words) and "root" in words or words[-1:] in (["."], [".*"], [""])))
        or name == "killall"
        and ({"-u"} & set(words) and "root" in words or set(words) & {"systemd", "init", "sshd"})
        or (
            name == "sysctl"
            and any(word.startswith(("kernel.panic", "kernel.sysrq")) for word in words)
            and "-w" in words
        )
    ):
        yield "stop-machine"


_GUARDS = re.compile(
    r"(?:firewalld|ufw|auditd|apparmor|fail2ban|falcon-sensor|clamav.*|iptables|nftables|wazuh.*|osqueryd|ossec|crowdstrike|selinux.*|rsyslog|syslog|windefend|mpssvc|wuauserv|sense|cbdefense|mdatp|snoopy|falco|sysmon|eventlog)(?:\.service)?$",
    re.IGNORECASE,
)


def protection(command: Program) -> Iterator[str]:
    """Firewalls, mandatory access control, auditing, virus scanners, recovery."""
    name, words = command.name, command.words
    lowered = [word.lower() for word in words]
    given = set(words)
    if (
        name in {"iptables", "ip6tables", "iptables-legacy", "iptables-nft"}
        and (given & {"-F", "--flush", "-X"} or (given & {"-P", "--policy"} and "ACCEPT" in given))
        or name == "nft"
        and words[:2] == ["flush", "ruleset"]
        or name == "ufw"
        and given & {"disable", "reset"}
        or name == "setenforce"
        and lowered[:1] in (["0"], ["permissive"])
    ):
        yield "disable-protection"
    elif name in {"systemctl", "service", "rc-service", "launchctl", "sc", "net", "stop-service", "set-service"}:
        acts = {"stop", "disable", "mask", "kill", "unload", "delete", "config", "bootout"} & set(lowered) or name in {
            "stop-service",
            "set-service",
        }
        if acts and any(_GUARDS.match(word) for word in words):
            yield "disable-protection"
        elif name == "net" and lowered[:1] == ["user"]:
            if any(word in {"/add", "/delete", "/active:no"} for word in lowered):
                yield "change-accounts"
        elif name == "net" and lowered[:1] == ["localgroup"] and "/add" in lowered:
            yield "change-accounts"
    elif (
        name == "auditctl"
        and (words[:2] == ["-e", "0"] or "-D" in given)
        or (name == "netsh" and {"off", "reset"} & set(lowered) and {"advfirewall", "firewall"} & set(lowered))
        or (name == "set-netfirewallprofile" and any("false" in word for word in lowered))
        or (name == "set-mppreference" and any(word.startswith(("-disable", "-exclusionpath")) for word in lowered))
        or name == "add-mppreference"
        or name in {"spctl", "csrutil", "fdesetup", "tmutil"}
        and ({"--master-disable", "--global-disable", "disable", "disablelocal"} & set(lowered))
        or name == "aa-teardown"
        or (name in {"aa-disable"} and words)
    ):
        yield "disable-protection"
    elif (
        name == "vssadmin"
        and "delete" in lowered
        or name == "wbadmin"
        and "delete" in lowered
        or name == "bcdedit"
        and (
            "recoveryenabled" in lowered
            or "bootstatuspolicy" in lowered
            or "/delete" in lowered
            or "/deletevalue" in lowered
        )
        or name == "wmic"
        and "shadowcopy" in lowered
        and "delete" in lowered
    ):
        yield "remove-recovery"
    elif (
        name == "reg"
        and lowered[:1] == ["delete"]
        and any(word.startswith(("hklm", "hkey_local_machine", "hkcr")) for word in lowered)
    ):
        yield "remove-critical-file"


def traces(command: Program) -> Iterator[str]:
    """Records of what was done."""
    name, words = command.name, command.words
    lowered = [word.lower() for word in words]
    if (
        name == "history"
        and any(re.fullmatch(r"-[a-z]*[cw][a-z]*", word) and "c" in word for word in words)
        or name == "unset"
        and "HISTFILE" in words
        or (name == "wevtutil" and lowered[:1] in (["cl"], ["clear-log"]))
        or name
        in {
            "clear-eventlog",
            "clear-history",
            "remove-eventlog",
        }
        or name == "journalctl"
        and any(re.fullmatch(r"--vacuum-(?:time=[01]\w{0,2}|size=[01]\w?|files=[01])", word) for word in words)
        or name == "fsutil"
        and lowered[:2] == ["usn", "deletejournal"]
    ):
        yield "erase-traces"


def accounts(command: Program) -> Iterator[str]:
    """Users, passwords, privileges, scheduled work."""
    name, words = command.name, command.words
    given = set(words)
    if _asks_help(command):
        return
    if (
        name in {"userdel", "deluser", "groupdel", "delgroup", "remove-localuser", "remove-aduser"}
        or name == "passwd"
        and (given & {"-d", "--delete", "-l", "-u"} or "root" in given)
        or name in {"usermod", "gpasswd", "adduser", "addgroup"}
        and given
        & {
            "sudo",
            "wheel",
            "root",
            "admin",
            "docker",
            "0",
            "adm",
            "sudo,docker",
            "shadow",
        }
        or name == "useradd"
        and ({"-o", "-ou", "--non-unique"} & given or {"0", "sudo", "wheel", "root"} & given)
        or name in {"chpasswd", "newusers"}
        and (command.stdin is None or "root:" in command.stdin)
        or (
            name == "dscl"
            and ("-delete" in given or "-append" in given)
            and any("admin" in word or "/Users" in word for word in words)
        )
    ):
        yield "change-accounts"
    elif name == "crontab" and ("-r" in given or any(re.fullmatch(r"-[a-z]*r[a-z]*", word) for word in words)):
        yield "clear-schedule"
    elif name == "setcap" and any("cap_setuid" in word or "cap_sys_admin" in word for word in words):
        yield "change-accounts"


def packages(command: Program) -> Iterator[str]:
    """Removing what the system is made of."""
    words = command.words
    essential = re.compile(
        r"(?:libc6|libc-bin|glibc|sudo|systemd|coreutils|bash|dpkg|apt|rpm|yum|dnf|kernel.*|linux-image.*|openssh-server|python3?|util-linux|base-files|login|passwd|init|\*|libstdc\+\+6?|filesystem)$"
    )
    if {"remove", "purge", "autoremove", "erase", "-e", "--purge", "-r", "-P", "-Rdd", "-Rns", "-R", "del"} & set(
        words
    ) and any(essential.match(word) for word in words if not word.startswith("-")):
        yield "remove-packages"


def fork_bomb(text: str) -> bool:
    """Whether a text defines a function that starts itself twice, or an endless loop of forks."""
    compact = re.sub(r"\s", "", text[:20_000])
    return (
        re.search(r"([\w:.]{1,32})\(\)\{[^{}]{0,64}?\1\|\1&[^{}]{0,32}?\}", compact) is not None
        or re.search(r"%0\|%0", compact) is not None
        or re.search(r"while(?:True|1|\(1\)|\(true\)):?\{?;?(?:os\.)?fork\(\)|forkwhilefork|perl-e.fork", compact)
        is not None
    )
