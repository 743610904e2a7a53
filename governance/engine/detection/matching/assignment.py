"""Values that are secret because of the name that they are given: assignments, options, URLs, headers.

The patterns only say where a name meets a value; whether the value is one that could be a secret is judged here, from
the value alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from governance.engine.detection.detector import HIGH, LOW, MEDIUM
from governance.engine.detection.matching.benign import entropy, is_placeholder, jumps
from governance.engine.detection.patterns import ANCHORED, UNANCHORED, Purse, regexp, spans
from governance.engine.detection.reading.names import SecretName, classify

_LONGEST = 600  # characters of a value that are judged


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    """A value found beside its name: its span in the text, and which detector says so."""

    detector: str
    kind: str
    confidence: str
    start: int
    end: int


# What must occur for a context to be tried; no counting, so that the set stays small.
_NAME = r"pass|pwd|passw|pswd|psswd|psword|\bpw|secret|token|key|auth|cred|\bsas\b|\bdsn\b|cookie|connstr|connection"
ANCHORS: dict[str, str] = {
    "assignment": rf"(?i:{_NAME})[\w.\-\]]*[\"'`\]\\ \t]*(?:[=:,>]|->|\bis\b|<)",
    "url-credentials": r"://[^\s/\"'<>@]*:[^\s\"'<>@]+@",
    "authorization-header": r"(?i:\b(?:bearer|basic|digest|negotiate|ntlm|token|apikey|authorization)\b)",
    "command-option": r"(?i:convertto-securestring(?:\s+-string)?|(?:^|[\s\"'])"
    r"-{1,2}(?:[\w-]*(?:secret|token|passw|key)|p|u"
    r"|user|pass|password|passwd|pw|pwd|token|secret|api-?key|key|auth|a|string|asplaintext|proxy-user"
    r"|client-secret|access-token|secret-key|db-password|storepass|keypass|passphrase)[ =\w\"'])",
    "sql-password": r"(?i:identified\s+(?:by|with)|\bpassword\s+(?:for\s+)?['\"]|set\s+password)",
    "spoken-password": r"(?i:pass(?:word|wd|phrase|code)?|pwd|\bpw\b|secret|token|key)[\"'`]*[ \t]+(?:is|was|are|to)\b",
    "netrc": r"(?i:\blogin\s+\S+\s+password\s)",
    "htpasswd": r"\$(?:apr1|2[aby]|argon2id?|5|6|1)\$",
}

_VALUE = r"""(?:"((?:[^"\\\n]|\\.)+)"|'((?:[^'\\\n]|\\.)+)'|`([^`\n]+)`|([^\s"'`<>,;)}\]]+))"""
_ASSIGN = regexp(
    rf"(?i)(?:(?:secret|access|api|auth|private|signing|client|session|encryption) (?:access )?(?:key|token|secret)"
    rf"|{_NAME})"
    r"[A-Za-z0-9_.\-]{0,40}(?:\[[\w\"']{0,20}\])?(?:\\?[\"'`])?(?:\]|\))?\s{0,12}"
    r"(?::=|=>|==?|:|->|>|,)\s{0,12}"
)
_ASSIGN_VALUE = regexp(
    r"""(?:[bru]{0,2}\\?"((?:[^"\\\n]|\\[^"\n])+)|[bru]{0,2}\\?'((?:[^'\\\n]|\\[^'\n])+)|`([^`\n]+)|([^\s"'`<>,;}\]&]+))"""
)
_URL = regexp(r"[A-Za-z][A-Za-z0-9+.\-]*://([^\s/\"'<>@:?#]*):([^\s\"'<>@]{1,300})@[A-Za-z0-9\[_.$-]")
_HEADER = regexp(
    r"(?i)\b(bearer|basic|negotiate|ntlm|ssws|genie ?key)(?:[ \t]+|%20|\+|:[ \t]*)[\"']?"
    r"([A-Za-z0-9_.~+/=|:$!*-]{6,600})"
)
_PLAIN_HEADER = regexp(
    r"(?i)\bauthorization[\"']?\s{0,4}(?:[:=,]|=>)\s{0,4}[\"']?(?:[A-Za-z0-9_-]{2,20}[ \t]+)?"
    r"(?:(?:token|key|response|credential)=)?[\"']?([A-Za-z0-9_.~+/=|:-]{12,600})"
)
_OPTION = regexp(
    r"(?i)(?:^|[\s\"'])(?:-{1,2}[\w-]*(?:password|passwd|pwd|secret|token|[a-z]{2}[_-]?key)|convertto-securestring|-{1,2}(?:password|passwd|pass|pw|pwd|token|secret|api-?key|auth-?token|client-secret|access-token|secret-key"
    r"|db-password|storepass|keypass|passphrase|proxy-pass(?:word)?|requirepass|auth|string\s+-force|string))"
    r"(?:=|\s+)(?:-\w+\s+)?" + _VALUE
)
_USER_OPTION = regexp(r"(?i)\s(?:-u|--user|--proxy-user|-U)(?:=|\s*)[\"']?([^\s:\"'$]{1,64}):([^\s\"'@]{3,128})")
_SHORT_OPTION = regexp(
    r"(?i)\b(?:mysql|mysqldump|mysqladmin|mariadb|sshpass|mongo|mongosh|mongodump|psql|redis-cli|sqlcmd|bcp|rsync|smbclient"
    r"|net\s+use|plink|pscp|winexe|docker\s+login|ldapsearch|ldapadd|lftp|xfreerdp)\b[^\n|;&]{0,200}?"
    r"\s(?:-p|-P|-a|-w|/p:|/pass:)\s*" + _VALUE
)
_SQL = regexp(
    r"(?i)(?:identified\s+(?:with\s+\S+\s+)?(?:by|as)(?:\s+(?:password|values))?[ \t]*"
    r"(?:N|E)?(?:'([^'\n]{3,128})'|\"([^\"\n]{3,128})\"|([A-Za-z0-9_!@#$%^&*]{6,64}))"
    r"|(?:\bpassword(?:\s+for\s+\S+)?|set\s+password[^\n]{0,60}=(?:\s*password\s*\()?)[ \t]*"
    r"(?:N|E)?(?:'([^'\n]{3,128})'|\"([^\"\n]{3,128})\"))"
)
_SPOKEN = regexp(
    r"(?i)\b(?:pass(?:word|wd|phrase|code)?|pwd|pw|secret(?:\s+key)?|(?:api|access|auth)[\s_-]?(?:key|token)|token|key)[\"'`]*"
    r"[ \t]+(?:is|was|are|to)(?:[ \t]+(?:now|set\s+to|changed\s+to|still))?[: \t][ \t]*" + _VALUE
)
_NETRC = regexp(r"(?i)\blogin\s+\S+\s+password\s+(\S{4,128})")
_HTPASSWD = regexp(
    r"(\$apr1\$[A-Za-z0-9./]{1,8}\$[A-Za-z0-9./]{22}|\$2[aby]\$\d\d\$[A-Za-z0-9./]{53}|\$[156]\$(?:rounds=\d+\$)?"
    r"[A-Za-z0-9./]{1,16}\$[A-Za-z0-9./]{22,86}|\$argon2(?:id|i|d)\$v=\d+\$[^\s$]+\$[A-Za-z0-9+/]{8,}\$[A-Za-z0-9+/]{20,})"
)

_CODE = re.compile(r"^[A-Za-z_$][\w$]*(?:(?:\.|->|::|\?\.)[A-Za-z_$][\w$]*)*(?:[\[(].*)?$")
_PATH = re.compile(
    r"^(?:[A-Za-z]:\\|\.{0,2}/|~/|\\\\)[\w./\\ \-@:~*]*$|^https?://[^\s:@]*$|^[\w.\-]+/[\w./\-]+\.[a-z]{1,5}$"
)
_LABEL = re.compile(
    r"(?i)pass|secret|token|\bkey|user|login|your|enter|field|value|string|required|valid|error|must|auth"
)
_OPENED = re.compile(r"""^[\[{]+["']?[A-Za-z_][\w\-]*["']?:$""")  # `{type:`, the begin of a structure
# Words with digits in them, as identifiers have them: `base64Password`, `sha256Token`, `oauth2Secret`.
_NUMBERED = re.compile(
    r"(?i)base(?:16|32|58|64|85)|sha(?:1|224|256|384|512)|(?:rs|hs|es)(?:256|384|512)|md5|utf(?:8|16|32)|o?auth[12]"
    r"|argon2|pbkdf2|x509|pkcs(?:8|11|12)|p12|aes(?:128|192|256)|ipv[46]|int(?:16|32|64)|win32|log4j|s3|ec2|k8s"
)
_QUOTES = (b'"', b"'", b"`")
_SYMBOLS = frozenset("!@#$%^&*?~+=|;<>{}()[]\\/:,.'\"`")


def assigned(contexts: set[str], text: bytes, purse: Purse) -> Iterator[Assigned]:
    """Every secret value beside its name in the text, for the contexts whose anchors occur."""
    end = len(text)
    if "assignment" in contexts:
        yield from _assignments(text, purse)
    if "url-credentials" in contexts:
        for start, stop in spans(_URL, text, 0, end, purse, group=2):
            if likely_url_password(_decode(text[start:stop])):
                yield Assigned(detector="url-credentials", kind="connection", confidence=HIGH, start=start, end=stop)
    if "authorization-header" in contexts:
        yield from _headers(text, purse)
    if "command-option" in contexts:
        yield from _options(text, purse)
    for context, pattern in (("sql-password", _SQL), ("spoken-password", _SPOKEN), ("netrc", _NETRC)):
        if context in contexts:
            for start, stop, quoted in _values(pattern, text, purse):
                value = _decode(text[start:stop])
                loose = context == "spoken-password"
                if loose and not quoted:
                    value = value.rstrip(".!?")
                    stop = start + len(value.encode())
                if (not loose or _mixed(value)) and judge(value, SecretName.PASSWORD, quoted=quoted) is not None:
                    yield Assigned(detector=context, kind="assignment", confidence=MEDIUM, start=start, end=stop)
    if "htpasswd" in contexts:
        for start, stop in spans(_HTPASSWD, text, 0, end, purse):
            yield Assigned(detector="password-hash", kind="assignment", confidence=LOW, start=start, end=stop)


def judge(value: str, name: SecretName, *, quoted: bool) -> str | None:
    """Could this value, under such a name, be a secret? The confidence, or None. `quoted`: its end is certain."""
    value = value[:_LONGEST].strip()
    size = len(value)
    if size < 4 or is_placeholder(value) or _PATH.match(value) is not None:
        return None
    if not quoted and (
        _OPENED.match(value) is not None or (_CODE.match(value) is not None and not _mixed_token(value))
    ):
        return None
    if name is SecretName.PASSWORD:
        return _judge_password(value, size, quoted=quoted)
    return _judge_token(value, size)


def likely_url_password(value: str) -> bool:
    """The password of a URL: not a port with a path, not a reference, not one that only names itself."""
    if is_placeholder(value) or re.match(r"^\d{1,5}(?:[/?#]|$)", value) or value[0] in "${<[*%(:":
        return value[:1] == "%" and len(value) >= 8
    return len(value) >= 4


def _assignments(text: bytes, purse: Purse) -> Iterator[Assigned]:
    end = len(text)
    for start, stop in spans(_ASSIGN, text, 0, end, purse):
        before = text[max(0, start - 40) : start]
        head = len(before)
        while head and (before[head - 1 : head].isalnum() or before[head - 1] in b"_-."):
            head -= 1
        if head and before[head - 1] in b"+/=" and _inside_base64(before[:head]):
            continue
        name = _decode(before[head:] + text[start:stop])
        label = classify(re.split(r"[\"'`\]\\:=>,\[(<)]|->", name, maxsplit=1)[0].strip().rstrip("-."))
        if label is None or (len(name) > 28 and jumps(name)):
            continue
        found = _assigned_value(text, stop, min(end, stop + _LONGEST))
        if found is None:
            continue
        first, last, quoted = found
        sign = text[start:stop].rstrip()
        if not quoted and sign.endswith(b","):
            continue
        if sign.endswith(b">") and not sign.endswith((b"=>", b"->")) and text[last : last + 2] != b"</":
            continue
        if (confidence := judge(_decode(text[first:last]), label, quoted=quoted)) is not None:
            yield Assigned(detector="assignment", kind="assignment", confidence=confidence, start=first, end=last)


def _assigned_value(text: bytes, start: int, end: int) -> tuple[int, int, bool] | None:
    found = _ASSIGN_VALUE.Match(ANCHORED, text, start, end)
    if found[0][0] < 0:
        return None
    for group in (1, 2, 3):
        if found[group][0] >= 0:
            return (*found[group], True)
    return (*found[4], False)


def _inside_base64(before: bytes) -> bool:
    """A name that begins in the middle of base64 is none."""
    tail = before[-12:].decode("ascii", "replace")
    return (
        len(tail) == 12
        and tail.replace("+", "").replace("/", "").isalnum()
        and (jumps(tail) or any(map(str.isdigit, tail)))
    )


def _headers(text: bytes, purse: Purse) -> Iterator[Assigned]:
    for pattern, group in ((_HEADER, 2), (_PLAIN_HEADER, 1)):
        for start, stop in spans(pattern, text, 0, len(text), purse, group=group):
            value = _decode(text[start:stop])
            plain = value.rstrip("=.:")
            if is_placeholder(plain) or is_placeholder(value):
                continue
            if len(plain) >= 12 and _mixed(plain) and entropy(plain) >= 2.8 and not _is_words(plain):
                yield Assigned(
                    detector="authorization-header", kind="authorization", confidence=HIGH, start=start, end=stop
                )


def _options(text: bytes, purse: Purse) -> Iterator[Assigned]:
    for pattern in (_OPTION, _SHORT_OPTION):
        for start, stop, quoted in _values(pattern, text, purse):
            if judge(_decode(text[start:stop]), SecretName.PASSWORD, quoted=quoted) is not None:
                yield Assigned(detector="command-option", kind="assignment", confidence=MEDIUM, start=start, end=stop)
    for start, stop in spans(_USER_OPTION, text, 0, len(text), purse, group=2):
        value = _decode(text[start:stop])
        if not is_placeholder(value) and not value.isdigit() and value[0] not in "$<{" and len(value) >= 4:
            yield Assigned(detector="command-option", kind="assignment", confidence=MEDIUM, start=start, end=stop)


def _judge_password(value: str, size: int, *, quoted: bool) -> str | None:
    if size > 256 or (" " in value and (not quoted or value.count(" ") > 6 or not _mixed(value))):
        return None
    if value.isdigit():
        return MEDIUM if size >= 4 and quoted else LOW if size >= 6 else None
    if value.isalpha():
        human = quoted and size >= 8 and _LABEL.search(value) is None
        return LOW if human or (size >= 10 and entropy(value) >= 3.2 and not value.islower() and jumps(value)) else None
    if size < 5 or not _mixed(value):
        return None
    return HIGH if size >= 10 else MEDIUM


def _judge_token(value: str, size: int) -> str | None:
    if size < 8 or " " in value:
        return None
    bits = entropy(value)
    if value.isdigit():
        return LOW if size >= 10 and bits >= 2.5 else None
    if value.isalpha():
        return LOW if size >= 20 and bits >= 3.8 and jumps(value) else None
    if not _mixed(value) or bits < 2.6 or _is_words(value):
        return None
    return HIGH if size >= 20 and bits >= 3.5 else MEDIUM


def _mixed(value: str) -> bool:
    """Holds a digit or a symbol beside letters, as people and generators make them."""
    letters = any(letter.isalpha() for letter in value)
    return letters and any(letter.isdigit() or letter in _SYMBOLS for letter in value)


def _mixed_token(value: str) -> bool:
    """An identifier to the eye, and yet random: digits among the letters, often."""
    digits = sum(letter.isdigit() for letter in _NUMBERED.sub("", value))
    if digits == 1:
        return len(value) >= 10 and value.isalnum() and jumps(value) and entropy(value) >= 2.8
    return digits >= 2 and not value.endswith((")", "]")) and value.count("_") <= 2 and entropy(value) >= 2.8


def _is_words(value: str) -> bool:
    """Words with separators (`my-service-token`, `finance/reports/v2`) and few digits: a name and no secret."""
    words = [word for word in re.split(r"[^A-Za-z0-9]+", value) if word]
    if len(words) < 2:
        return False
    plain = [word for word in words if word.isdigit() and len(word) <= 4 or (word.isalpha() and not jumps(word))]
    return len(plain) >= len(words) - (1 if len(words) > 3 else 0) and sum(map(str.isdigit, value)) <= 6


def _values(pattern: object, text: bytes, purse: Purse) -> Iterator[tuple[int, int, bool]]:
    start, end = 0, len(text)
    while start < end and purse.spend():
        found = pattern.Match(UNANCHORED, text, start, end)  # type: ignore[attr-defined]
        if found[0][0] < 0:
            return
        groups = found[1:]
        for first, last in groups:
            if first >= 0:
                yield first, last, text[last : last + 1] in _QUOTES and text[first - 1 : first] in _QUOTES
                break
        start = max(found[0][1], found[0][0] + 1)


def _decode(value: bytes) -> str:
    return value.decode("utf-8", "replace")
