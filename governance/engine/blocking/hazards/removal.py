"""Removing, moving, overwriting and opening up what a machine needs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from governance.engine.blocking.hazards.targets import is_critical_file, is_device, is_log, is_protected
from governance.engine.normalise.shell.command import Program
from governance.engine.normalise.shell.marks import UNKNOWN


def remove(command: Program) -> Iterator[str]:
    """`rm`, `rmdir`, `unlink`, `trash`, `srm`."""
    targets = command.operands()
    if command.has("--help", "--version"):
        return
    recursive = (
        command.has("-r", "-R", "--recursive")
        or command.name in {"rimraf", "trash"}
        or "--no-preserve-root" in command.words
    )
    if recursive:
        if any(is_protected(target, command.cwd) for target in targets) or ("--no-preserve-root" in command.words):
            yield "remove-tree"
    elif any(_sweeps(target, command.cwd) for target in targets):
        yield "remove-tree"
    if any(is_critical_file(target) or is_device(target) for target in targets):
        yield "remove-critical-file"
    if any(is_log(target) for target in targets):
        yield "erase-traces"


def _sweeps(target: str, cwd: str) -> bool:
    """`rm -f /*`: not recursive, but everything in a protected folder."""
    return target.endswith(("/*", "/*.*")) and target[0] in "/~" and is_protected(target, cwd)


def unknown_remover(command: Program) -> Iterator[str]:
    """A program whose name cannot be known, called as `rm -rf /` is called."""
    if (
        command.has("-r", "-R", "--recursive")
        and command.has("-f", "--force")
        and any(is_protected(target, command.cwd) for target in command.operands())
    ):
        yield "remove-tree"


def find(command: Program) -> Iterator[str]:
    """`find … -delete`; what `-exec` runs is a command of its own."""
    words = command.words
    if "-delete" not in words:
        return
    starts: list[str] = []
    for word in words:
        if word.startswith(("-", "(", "!")) and word not in {"-L", "-H", "-P"}:
            break
        if not word.startswith("-"):
            starts.append(word)
    narrowed = any(
        word
        in {
            "-name",
            "-iname",
            "-path",
            "-regex",
            "-mtime",
            "-mmin",
            "-size",
            "-newer",
            "-empty",
            "-atime",
            "-ctime",
            "-wholename",
            "-iregex",
        }
        for word in words
    )
    for start in starts or ["."]:
        if start in {".", "./", "*"}:
            if not narrowed:
                yield "find-delete"
        elif is_protected(start, command.cwd) and not (
            narrowed
            and re.match(
                r"/var/(?:log|backups?|spool)|/srv/|/opt/|/data|/backups?|/home/[^/]+/.|~/.|/mnt/|/storage", start
            )
        ):
            yield "find-delete"


def move(command: Program) -> Iterator[str]:
    """`mv`: away from a protected place, into nothing, or over a critical file."""
    targets = command.operands()
    if len(targets) < 2:
        return
    if any(is_critical_file(target) for target in targets[:-1]):
        yield "remove-critical-file"
    elif any(
        is_protected(target, command.cwd) and target.strip("./") not in {"", "*", ".git"} for target in targets[:-1]
    ) or (targets[-1] == "/dev/null" or any(target in {"/", "/*", "~"} for target in targets[:-1])):
        source = targets[0]
        if (
            targets[-1].startswith(("/dev/null", "/tmp", "/var/tmp"))
            or not re.match(r"(?:/opt/|/srv/|/home/[^/]+/|~/)", source)
            or source.rstrip("/*").count("/") < 2
        ):
            yield "move-away"


def overwrite(command: Program) -> Iterator[str]:
    """`cp`, `tee`, `truncate`, `shred`, `ln`, `install`, `sed -i`: over a device, a critical file or a record."""
    targets = command.operands()
    name = command.name
    if name in {"shred", "wipe", "srm", "scrub", "sdelete", "sdelete64"}:
        if any(is_protected(target, command.cwd) or is_critical_file(target) or is_log(target) for target in targets):
            yield "remove-critical-file"
        if (
            name in {"wipe", "srm"}
            and command.has("-r", "-R")
            and any(is_protected(target, command.cwd) for target in targets)
        ):
            yield "remove-tree"
        if any(is_device(target) for target in targets):
            yield "overwrite-disk"
        return
    written = targets[-1:] if name in {"cp", "ln", "install", "rsync"} else targets
    if name == "sed":
        if not command.has("-i", "--in-place"):
            return
        written = targets[1:]
    if any(is_device(target) for target in written):
        yield "overwrite-disk"
    if name in {"cp", "install"} and len(targets) < 2:
        return
    if any(is_log(target) for target in written) and (
        name in {"truncate", "ln", "sed"} or (targets and targets[0] == "/dev/null")
    ):
        yield "erase-traces"
    if any(
        _is_account_file(target)
        or (
            is_critical_file(target)
            and not re.match(
                r"/usr/local/|/etc/(?:hosts|resolv\.conf|network|netplan|systemd|environment|profile|apt)"
                r"|~/\.ssh/config|~/\.kube|/(?:usr/)?bin/|/lib/|/usr/lib/|/boot/",
                target,
            )
        )
        for target in written
    ):
        yield "change-accounts" if any(_is_account_file(target) for target in written) else "remove-critical-file"
    if (
        name == "rsync"
        and command.has("--delete", "--delete-after", "--delete-before", "--del")
        and targets
        and is_protected(targets[-1], command.cwd)
        and re.match(r"(?:/+|~|/(?:etc|usr|home|var|boot|root|bin|lib))/?$", targets[-1])
    ):
        yield "remove-tree"
    if name == "truncate" and any(is_critical_file(target) for target in targets):
        yield "remove-critical-file"


def _is_account_file(target: str) -> bool:
    return (
        re.search(
            r"(?:^|/)etc/(?:passwd|shadow|sudoers(?:\.d/.*)?|group|gshadow|pam\.d/.*|ld\.so\.preload)$|(?:^"
            r"|/)\.ssh/authorized_keys2?$",
            target,
        )
        is not None
    )


def redirected(operator: str, target: str) -> Iterator[str]:
    """A redirection's target."""
    if operator not in {">", ">>", ">|", "<>", ">&", "&>"}:
        return
    if is_device(target):
        yield "overwrite-disk"
    elif "sysrq-trigger" in target:
        yield "stop-machine"
    elif _is_account_file(target) or re.search(
        r"(?:^|/)etc/(?:cron[^/]*(?:/.*)?|rc\.local|profile|bash\.bashrc|ssh/sshd_config)$|(?:^|/)var/spool/cron/",
        target,
    ):
        yield "change-accounts"
    elif operator != ">>" and is_critical_file(target):
        yield "remove-critical-file"
    elif operator != ">>" and is_log(target):
        yield "erase-traces"


def permissions(command: Program) -> Iterator[str]:
    """`chmod`, `chown`, `chgrp`, `setfacl`, `chattr`, `icacls`, `takeown`."""
    targets = command.operands()
    recursive = command.has("-R", "--recursive")
    if command.name == "chmod":
        mode = next(
            (
                word
                for word in command.words
                if re.fullmatch(r"[0-7]{3,4}|[-+=ugoa,rwxXst]+", word) and not word.startswith("--")
            ),
            "",
        )
        rest = [target for target in targets if target != mode]
        wide = (
            re.fullmatch(
                r"0?[0-7]?[0-7]?(?:777|666|776|767|000)|[0-7]?000|0?[0-7]?[0-7]?[2367]|(?:a|o|ugo)?[+=]?r?wx?"
                r"|[augo]*[-=](?:rwx)?",
                mode,
            )
            is not None
        )
        if (
            any(
                is_protected(target, command.cwd)
                and target not in {".", "./", "*", "./*", ".git"}
                and _is_wide_root(target)
                for target in rest
            )
            and (recursive or wide)
            or (
                recursive
                and mode in {"777", "0777", "a+rwx", "000"}
                and any(is_protected(target, command.cwd) and target not in {".", "*", "./*", "./"} for target in rest)
            )
            or any(is_critical_file(target) for target in rest)
            and (
                re.fullmatch(r"0?[0-7]?[0-7][0-7][2367]|[ao]?\+?[ao]?[+=]?r?wx?|666|777|0?[0-7]00[46]|644", mode)
                and not re.search(r"passwd$|hosts$|resolv|fstab|profile|authorized_keys|\.ssh/config", " ".join(rest))
                or mode in {"777", "666", "0777", "0666", "a+w", "o+w", "a+rw", "a+rwx"}
            )
        ):
            yield "open-permissions"
        elif re.search(r"\+s|^[2467][0-7]{3}$", mode) and any(
            re.search(
                r"(?:^|/)(?:bash|sh|dash|zsh|python[\d.]*|perl|find|vim|nano|cp|env|awk|less|more|nmap|su)$", target
            )
            for target in rest
        ):
            yield "change-accounts"
    elif command.name in {"icacls", "takeown", "cacls"}:
        if any(is_protected(word) for word in command.words if not word.startswith("/")) and (
            "/t" in [word.lower() for word in command.words] or "/r" in [word.lower() for word in command.words]
        ):
            yield "open-permissions"
    elif recursive and any(
        is_protected(target, command.cwd) and _is_wide_root(target) for target in targets[1:] or targets
    ):
        yield "open-permissions"


def _is_wide_root(target: str) -> bool:
    """The top of a system, and not an application's folder that its owner is set for in every installation."""
    return (
        re.match(
            r"/?\*?$|/\.?$|/(?:etc|usr|bin|sbin|lib|lib64|boot|var|root|home|sys|proc|dev|opt|srv|\*|users|windows"
            r"|system|library|users)(?:/\*?)?$|/(?:etc|usr|bin|sbin|lib|boot|dev|root)/|~/?\*?$|~/\.ssh"
            r"|[a-zA-Z]:[\\/]?\*?$|" + UNKNOWN + "$",
            target,
            re.IGNORECASE,
        )
        is not None
        and target != UNKNOWN
    )


def windows_remove(command: Program) -> Iterator[str]:
    """`del`, `erase`, `rd`, `rmdir`, `Remove-Item` and its aliases."""
    lowered = [word.lower() for word in command.words]
    recursive = any(word.startswith(("/s", "-rec", "-r")) for word in lowered)
    forced = any(word in {"/q", "/f", "-force", "-fo"} or word.startswith("/s/q") or "/q" in word for word in lowered)
    targets = [
        word.strip("'\",")
        for word in command.words
        if not (word.startswith("-") or re.fullmatch(r"(?:/[a-zA-Z](?::\w+)?)+", word))
    ]
    if (
        not targets
        and command.source is not None
        and command.source.name in {"get-childitem", "gci", "ls", "dir", "get-item", "gi"}
    ):
        targets = command.source.operands()
    if (recursive or forced) and any(
        is_protected(target, command.cwd) and target not in {".", "./"} for target in targets
    ):
        yield "remove-tree"
    elif any(is_critical_file(target) or re.search(r"(?i)\\windows\\|^hk(?:lm|cu):", target) for target in targets):
        yield "remove-critical-file"
