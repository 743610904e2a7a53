"""Which files and folders must not be removed, moved, overwritten or opened up, and which are made to be."""

from __future__ import annotations

import re

from governance.engine.normalise.paths import climbs, path_forms
from governance.engine.normalise.shell.marks import UNKNOWN

_SCRATCH = re.compile(
    r"(?:/private)?/(?:tmp|var/tmp|var/cache|var/folders|dev/shm|run/user|var/lib/apt/lists|usr/share/(?:doc|man|locale"
    r"|info)|usr/(?:local/)?src|root/\.(?:cache|npm)|var/run|var/spool/postfix/deferred|"
    r"windows/temp|var/lib/(?:dpkg/updates|yum|dnf))/."
    r"|(?:/private)?/(?:tmp|var/tmp|var/cache/(?:apt|yum|dnf|apk))(?:/\*)?$"
    r"|~/(?:\.cache|\.npm|\.gradle|\.m2|\.cargo/registry|\.local/share/trash|\.trash|library/caches|appdata/local/temp"
    r"|\.ivy2|\.nuget|\.yarn|\.pnpm-store|\.docker/buildx)(?:/|$)"
)
_SYSTEM = re.compile(
    r"/(?:etc|boot|usr|bin|sbin|lib|lib32|lib64|libx32|sys|proc|dev|efi|windows|system|library|program files"
    r"|program files \(x86\)|programdata|recovery|snap|nix|applications|kernel|vmlinuz)(?:/|$)"
    r"|/var/(?:lib|log|mail|spool|backups?|www|db|named|opt|vmail)(?:/[^/]*)?$|/var/lib/(?:mysql|postgresql|pgsql"
    r"|docker|mongodb|mongo|redis|elasticsearch|etcd|kubelet|rancher|dpkg|rpm|cassandra|kafka|rabbitmq|grafana|"
    r"prometheus|jenkins|gitlab|containerd|libvirt|influxdb|neo4j|clickhouse|vault|consul)(?:/|$)"
    r"|/(?:var|srv|opt|home|mnt|media|data|root|users|volumes|backups?|export|storage|databases?|documents and settings"
    r"|etc|host|nfs|share|shares|archive|private|workspaces?|production|prod)$"
    r"|/(?:home|users|volumes|mnt|media|srv|opt)/[^/]*$|/(?:mnt|media|volumes)/(?:[^/]*/)?(?:backups?|data|nas|archive"
    r"|database|prod[^/]*|shared?|home)(?:/|$)|/(?:data|storage|srv|backups?)/(?:db|database|postgres(?:ql)?|mysql"
    r"|mongo(?:db)?|prod(?:uction)?|backups?|users|customers?|daily|weekly|full)$"
    r"|~$|~/(?:\.ssh|\.gnupg|\.aws|\.kube|\.config|\.local|\.azure|documents|desktop|downloads|pictures|music|videos"
    r"|movies|library|projects?|src|work|code|dev|repos?|workspace|onedrive|dropbox|backups?|public|mail|go"
    r"|appdata(?:/roaming|/local)?|\.mozilla|\.thunderbird|\.password-store|\.docker|\.config/gcloud|\.bashrc|\.profile"
    r"|\.zshrc|\.git)$"
    r"|~/\.(?:ssh|gnupg|aws|password-store)/"
)
_CRITICAL = re.compile(
    r"/etc/(?:passwd|shadow|group|gshadow|sudoers|sudoers\.d(?:/.*)?|fstab|hosts|resolv\.conf|crypttab|ssh/.*"
    r"|ssl/private/.*|pam\.d/.*|ld\.so\.preload|ld\.so\.conf|cron\.[a-z]+/.*|crontab|systemd/.*|init\.d/.*|rc\.local|"
    r"profile|bash\.bashrc|environment|security/.*|selinux/.*|kubernetes/.*|inittab|default/grub|grub\.d/.*|machine-id"
    r"|nsswitch\.conf|network/.*|netplan/.*|apt/sources\.list|audit/.*|rsyslog\.conf|hostname)"
    r"|/boot/.*|/(?:usr/)?(?:s?bin|lib(?:64|32)?)/.*|/dev/(?:mem|kmem|port)|/proc/sysrq-trigger|/sys/firmware/.*"
    r"|/windows/system32/.*|/vmlinuz.*|/initrd.*|/var/lib/(?:dpkg/status|rpm/.*|mysql/.*|postgresql/.*|pgsql/.*)"
    r"|/efi/.*"
    r"|~/\.ssh/(?:id_[a-z0-9]+|authorized_keys|config)|~/\.gnupg/.*|~/\.aws/credentials|~/\.kube/config"
    r"|.*/(?:\.git/(?:config|head|index|refs/.*|objects/.*))|/bootmgr|/ntldr|/swapfile|.*\.(?:mdf|ldf)"
)
_DEVICE = re.compile(
    r"/dev/(?:sd[a-z]+\d*|hd[a-z]\d*|vd[a-z]\d*|xvd[a-z]\d*|nvme\d+(?:n\d+(?:p\d+)?)?|mmcblk\d+(?:p\d+)?"
    r"|disk\d+(?:s\d+)?|rdisk\d+(?:s\d+)?|md\d+|dm-\d+|mapper/.+|disk/.+|loop\d+|mem|kmem|port|root|vg\w*/.+|ram\d+"
    r"|sr\d|nbd\d+|zd\d+|bcache\d+|"
    r"[shv]d[\[?*].*|sd\*|nvme[\[?*].*)$|//?\.?/?physicaldrive\d+$|/dev/(?:sd|hd|vd|nvme|disk)\ue000?$"
)
_BUILD = re.compile(
    r"(?:^|/)(?:build|builds|dist|out|output|target|bin|obj|node_modules|\.next|\.nuxt|\.cache|cache|caches|tmp|temp"
    r"|\.tmp|coverage|\.coverage|htmlcov|__pycache__|\.pytest_cache|\.mypy_cache|\.ruff_cache|\.tox|\.nox|venv|\.venv"
    r"|env|\.eggs|"
    r"[\w.-]*\.egg-info|\.gradle|\.terraform|\.parcel-cache|\.turbo|\.svelte-kit|vendor|deriveddata|pods|logs?|_build"
    r"|site|public/build|\.output|\.angular|\.dart_tool|bower_components|test-results|playwright-report|artifacts"
    r"|storybook-static|release|debug|"
    r"cmake-build-[\w-]+|\.nyc_output|\.serverless|\.aws-sam|cdk\.out|\.vite|wheels|sdist|results"
    r"|reports)(?:/[^/]*)?/?$"
)
_TOP_GLOB = re.compile(r"/(?=[^/]*[*?\[])[^/]*$|/[^/]*[*?\[][^/]*/.*|~/(?:\.?\*|\.\[|\.\.?\?)[^/]*$")
_HERE = frozenset(
    {
        ".",
        "..",
        "*",
        "./*",
        "../*",
        ".*",
        "./.*",
        ".[!.]*",
        "*.*",
        "../..",
        "../../*",
        "./",
        "../",
        "{*,.*}",
        "**",
        "./**",
        "**/*",
        ".git",
        "./.git",
        ".git/",
        "\\*",
        "../../..",
        "../../../*",
    }
)


def removal_forms(target: str, cwd: str = "") -> tuple[str, ...]:
    """The spellings of a target, with trailing globs that mean "everything in it" taken off; () for an empty one."""
    text = target.strip("\"'")
    if cwd and not text.startswith(("/", "~", "$", "\\")) and text[1:2] != ":":
        text = cwd + "/" + text
    forms = path_forms(text)
    return tuple(dict.fromkeys(_without_glob(form) for form in forms))


def _without_glob(form: str) -> str:
    while form.endswith(("/*", "/.*", "/**", "/*.*", "/.[!.]*", "/.??*", "/{*,.*}", "/.[^.]*")):
        form = form.rpartition("/")[0] or "/"
    return form


def is_protected(target: str, cwd: str = "") -> bool:
    """Whether removing `target` with everything in it destroys a system, a home folder or data kept for others."""
    if target.strip("\"'") in _HERE:
        where = cwd or "?"
        if where == "?":
            return True
        forms = path_forms(where)
        if target.startswith("..") or ".git" in target:
            forms = path_forms(where + "/" + target.rstrip("*")) or forms
            if ".git" in target:
                return True
        return _is_protected_forms(tuple(_without_glob(form) for form in forms))
    if set(target) <= {"/", ".", "*", "~"} and target.startswith(("/", "~")):
        return True
    if UNKNOWN in target and not target.strip(UNKNOWN + "/*.\"'"):
        return target.startswith("/" + UNKNOWN) or target == "/"
    if climbs(target) and not cwd:
        return not re.search(r"[^./\\*]", target) or target.count("..") >= 4
    return _is_protected_forms(removal_forms(target, cwd))


def _is_protected_forms(forms: tuple[str, ...]) -> bool:
    if any(_SCRATCH.match(form) for form in forms):
        return False
    return any(
        form == "/"
        or form == "/" + UNKNOWN
        or _SYSTEM.match(form) is not None
        or (_TOP_GLOB.match(form) is not None and not _BUILD.search(form))
        for form in forms
    )


def is_critical_file(target: str) -> bool:
    """Whether a single file is one that a machine or an account does not work without."""
    return any(_CRITICAL.fullmatch(form) for form in path_forms(target))


def is_device(target: str) -> bool:
    """Whether a path is a disk, a partition or the memory itself."""
    return any(_DEVICE.match(form) for form in path_forms(target))


def is_log(target: str) -> bool:
    """Whether a path holds the system's or a shell's records of what was done."""
    return any(
        re.match(
            r"/var/log(?:$|/(?:\*|auth|secure|syslog|messages|audit|wtmp|btmp|lastlog|journal|kern|faillog))"
            r"|~/\.(?:bash|zsh|sh|python|mysql|psql)_history|/var/run/utmp|~/\.history",
            form,
        )
        for form in path_forms(target)
    )
