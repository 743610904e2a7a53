"""Paths as the file system would resolve them, without touching one.

`path_forms` gives every spelling worth comparing: a home folder is `~` whosever it is, `..`, `//`, `/./`, percent
escapes, backslashes, `file:`, drive letters and `/proc/self/root` are resolved, and a path that climbs out of an
unknown folder is also taken from the root.
"""

from __future__ import annotations

import re

from governance.engine.normalise.encodings import percent_decoded
from governance.engine.normalise.text import fold

_SCHEME = re.compile(r"(?:file|vscode-remote|sftp|local):/*(?:localhost|127\.0\.0\.1|\[::1\])?/+", re.IGNORECASE)
_FILE_RELATIVE = re.compile(r"file:(?!/)", re.IGNORECASE)
_PROC_ROOT = re.compile(r"^/proc/(?:self|thread-self|\d+|\*|curproc)/(?:task/\d+/)?(?:root|cwd)(?=/|$)")
_HOME_VARIABLE = re.compile(
    r"^(?:\$home|\$\{home(?::?[-=?][^}]*)?\}|%userprofile%|\$env:userprofile|\$\{env:userprofile\}|%homepath%"
    r"|%homedrive%%homepath%|\$env:home)(?=/|$)"
)
_HOME = re.compile(
    r"^(?:/root|/var/root|/(?:[a-z]:/)?(?:home|users|documents and settings|export/home|usr/home)/[^/]+|~[^/]*)(?=/|$)"
)
_DRIVE = re.compile(r"^(?://[?.]/|/\?\?/)?([a-z]):(?=/|$)")
_UNC_ADMIN = re.compile(r"^//[^/]+/([a-z])\$(?=/|$)")
_APPDATA = re.compile(r"^(?:%appdata%|\$env:appdata)(?=/|$)")
_LOCALAPPDATA = re.compile(r"^(?:%localappdata%|\$env:localappdata)(?=/|$)")
_SYSTEMROOT = re.compile(r"^(?:%systemroot%|%windir%|\$env:systemroot|\$env:windir)(?=/|$)")
_SYSTEMDRIVE = re.compile(r"^(?:%systemdrive%|\$env:systemdrive)(?=/|$)")
_ALIASED = re.compile(
    r"^/(?:private|host|hostfs|rootfs|mnt/host|system/volumes/data)(?=/(?:etc|var|root|home|users|proc|tmp)(?:/|$))"
)
_STREAM = re.compile(r"(?<=[^/]):(?::?\$?data)?$")

MAX_PATH = 8192
"""Characters looked at; a longer value has no valid path on any system we know (Linux: 4096)."""


def _resolved(path: str) -> tuple[str, bool]:
    """`path` without empty, `.` and `..` segments, and whether it climbs above where it starts."""
    rooted = path.startswith("/")
    kept: list[str] = []
    climbed = False
    for segment in path.split("/"):
        if segment in {"", "."}:
            continue
        if segment == "..":
            if kept:
                kept.pop()
            elif not rooted:
                climbed = True
        else:
            kept.append(segment)
    body = "/".join(kept)
    return ("/" + body if rooted else body), climbed


def path_forms(text: str) -> tuple[str, ...]:
    """The spellings of a path to compare with patterns, folded to lower case; () for an empty value.

    A NUL ends the path, as it does in C. The first form is the plain one; a home folder's form starts with `~/`.
    """
    path = percent_decoded(fold(text[:MAX_PATH]).strip().strip("\"'"))
    if not path.isascii():
        path = fold(path)
    path = path.partition("\0")[0].strip().lower()
    if not path:
        return ()
    path = _FILE_RELATIVE.sub("", _SCHEME.sub("/", path, count=1), count=1) if ":" in path else path
    simple = "\\" not in path and "//" not in path and "/." not in path and path[0] not in "$%~." and ":" not in path
    if not simple:
        path = path.replace("\\", "/")
        path = _HOME_VARIABLE.sub("~", path)
        path = _APPDATA.sub("~/appdata/roaming", path)
        path = _LOCALAPPDATA.sub("~/appdata/local", path)
        path = _SYSTEMROOT.sub("/windows", path)
        path = _SYSTEMDRIVE.sub("", path) or "/"
        path = _UNC_ADMIN.sub("/", _DRIVE.sub("/", path))
        path = _STREAM.sub("", path)
    path, climbed = _resolved(path)
    if path.startswith("/"):
        while True:
            inner = _PROC_ROOT.sub("", path)
            inner = _ALIASED.sub("", inner)
            if inner == path:
                break
            path = inner or "/"
    path = path.rstrip(" ") if not path.endswith("/") else path
    forms = [path or "."]
    if climbed:
        forms.append("/" + path)
    home = _HOME.sub("~", forms[-1])
    if home != forms[-1]:
        forms.append(home)
    return tuple(forms)


def climbs(text: str) -> bool:
    """Whether a relative path leaves the folder it starts in, so that nobody here can say where it leads."""
    return ".." in text and not text.startswith(("/", "~")) and _resolved(text.replace("\\", "/"))[1]


def pattern_form(pattern: str) -> str:
    """A path pattern in the spelling of `path_forms`: lower case, `/`, home as `~`, drive letters gone."""
    path = fold(pattern).strip().replace("\\", "/").lower()
    path = _HOME_VARIABLE.sub("~", path)
    path = _SCHEME.sub("/", path, count=1)
    path = _DRIVE.sub("/", path) or "/"
    while "//" in path:
        path = path.replace("//", "/")
    return path.replace("/./", "/")


def is_path_shaped(text: str) -> bool:
    """Whether a string by itself reads as a path: one line, with a separator or a leading `.`, `~` or drive letter."""
    if len(text) > MAX_PATH or "\n" in text:
        return False
    if text.startswith(
        ("/", "~", "./", "../", "\\", "file:", "$HOME", "${HOME}", "%USERPROFILE%", "%APPDATA%", "$env:")
    ):
        return True
    if " " in text:
        return len(text) > 2 and text[1] == ":" and text[2] in "\\/"
    return "/" in text or "\\" in text or text.startswith(".") or "%2f" in text.lower() or "%5c" in text.lower()
