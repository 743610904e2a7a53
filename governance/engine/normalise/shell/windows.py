"""cmd.exe, PowerShell and their scheduler: the signs of them, and the text that they are started with."""

from __future__ import annotations

import re2

from governance.engine.normalise.encodings import base64_decoded

_WINDOWS = re2.compile(
    r"(?i)(?:^|[\s\"'=(])(?:[a-z]:\\|\\\\)|%[a-z]\w+%|\$env:|\b(?:remove-item|get-content|invoke-(?:expression"
    r"|webrequest|restmethod)|iex|iwr|irm|rmdir|rd|del|erase|"
    r"format|diskpart|vssadmin|wbadmin|bcdedit|powershell|pwsh|cmd(?:\.exe)?|reg|cipher|takeown|icacls|clear-disk"
    r"|format-volume|certutil|bitsadmin|mshta|stop-computer|ri)\b"
)
_POSIX = re2.compile(r"<<|\$\(\(|\$\{[^e}]|\[\[|;;|\b(?:fi|done|esac|then)\b")


def only_posix(text: str) -> bool:
    """Whether a text holds what cmd.exe and PowerShell have no reading for, whatever else it shows signs of."""
    return _POSIX.search(text) is not None


def is_windows(text: str) -> bool:
    """Whether a text shows signs of cmd.exe or PowerShell: drive letters, `%NAME%`, their own commands."""
    return _WINDOWS.search(text) is not None


def cmd_text(words: list[str]) -> str | None:
    """What `cmd` would run with these words; None when they hold no command."""
    for place, word in enumerate(words):
        lowered = word.lower()
        if lowered[:2] in {"/c", "/k", "/r"} or lowered == "-c":
            return " ".join(([word[2:]] if len(word) > 2 else []) + words[place + 1 :])
    return None


def powershell_text(words: list[str]) -> str | None:
    """What PowerShell would run with these words; None for a script file, or when it cannot be read."""
    lowered = [word.lower() for word in words]
    for place, word in enumerate(lowered):
        option = word.lstrip("-/")
        if word[:1] in "-/" and option and place + 1 < len(words):
            if "encodedcommand".startswith(option) or option == "ec":
                return base64_decoded(words[place + 1])
            if "command".startswith(option):
                return " ".join(words[place + 1 :])
    start = next((place for place, word in enumerate(words) if not word.startswith(("-", "/"))), None)
    if (
        start is None
        or lowered[start].endswith(".ps1")
        or lowered[start] in {"bypass", "hidden", "unrestricted", "remotesigned"}
    ):
        return None
    return " ".join(words[start:])


def scheduled_text(words: list[str]) -> str:
    """What `schtasks` or `wmic` would have run with these words; empty when nothing."""
    lowered = [word.lower() for word in words]
    if "/tr" in lowered[:-1] and (text := lowered[lowered.index("/tr") + 1]):
        return text
    return words[-1] if "create" in words else ""
