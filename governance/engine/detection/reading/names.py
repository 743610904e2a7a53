"""What a name says about the value that it is given: `password`, `client_secret`, `api-key` say a lot."""

from __future__ import annotations

import re
from enum import StrEnum


class SecretName(StrEnum):
    """How much a name promises: a password may be short and human, a token is long and random."""

    PASSWORD = "password"
    TOKEN = "token"


_MAX_KNOWN = 20_000  # names remembered; past that they are judged each time
_KNOWN: dict[str, SecretName | None] = {}
_LETTERS = re.compile(r"[^a-z0-9]+")
_PASSWORD = re.compile(
    r"psword|pass(?:word|wd|wrd|phrase|code|w)|pwd|pswd|psswd|passwort|motdepasse|contrasena|kennwort|senha"
    r"|(?:db|user|my|root|admin|ldap|smtp|ftp|ssh|sql|redis|mongo|mysql|pg|mail|vpn|wifi|sudo|login|bind|become|key|store|trust|proxy|pfx|cert)pass(?:es)?$"
    r"|^pass(?:es)?$|^pw\d?$|(?:db|user|root|admin)pw$|^pin$|pincode$"
)
_TOKEN = re.compile(
    r"secret|api_?key|appkey|access_?key|auth_?key|authtoken|accesstoken|refreshtoken|bearer|token(?:s|value)?\d?$"
    r"|privatekey|privkey|signingkey|signaturekey|encryptionkey|encryptkey|decryptionkey|masterkey|rootkey|sharedkey"
    r"|storagekey|accountkey|servicekey|subscriptionkey|licen[cs]ekey|sessionkey|cryptkey|cipherkey|aeskey|hmackey|jwtkey"
    r"|serverkey|adminkey|clientkey|writekey|deploykey|functionkey|hostkey$|webhookkey|integrationkey|routingkey$"
    r"|credentials?$|^creds?$|^authorization$|proxyauthorization|xapikey|xauth|authcookie|sessioncookie|^cookie$"
    r"|^jwt$|jwttoken|idtoken|^pat$|personalaccess|connectionstring|connstr|^dsn$|databaseurl|^sas$|sastoken"
    r"|consumerkey|^salt$|^seed$|seedphrase|mnemonic|recoverycode|backupcode|^otp$|otpsecret|totp|webhookurl"
)
# A name that ends so is about a secret and is none; one that begins so is a switch or a bound.
_LAST = frozenset(
    [
        "id",
        "ids",
        "name",
        "names",
        "type",
        "types",
        "count",
        "counts",
        "length",
        "len",
        "limit",
        "limits",
        "url",
        "uri",
        "path",
        "paths",
        "file",
        "files",
        "filename",
        "field",
        "fields",
        "label",
        "hint",
        "policy",
        "expiry",
        "expires",
        "expiration",
        "ttl",
        "hash",
        "hashes",
        "digest",
        "checksum",
        "enabled",
        "required",
        "version",
        "format",
        "algorithm",
        "alg",
        "index",
        "ref",
        "refs",
        "arn",
        "page",
        "scope",
        "scopes",
        "status",
        "min",
        "max",
        "regex",
        "pattern",
        "reset",
        "attempts",
        "size",
        "sizes",
        "method",
        "provider",
        "providers",
        "store",
        "manager",
        "class",
        "source",
        "prefix",
        "suffix",
        "schema",
        "title",
        "description",
        "rotation",
        "at",
        "date",
        "time",
        "env",
        "location",
        "endpoint",
        "address",
        "mode",
        "usage",
        "budget",
        "used",
        "input",
        "output",
        "selector",
        "template",
        "rules",
        "strength",
        "changed",
        "updated",
        "created",
        "visible",
        "visibility",
        "option",
        "options",
        "available",
        "check",
        "valid",
        "exists",
        "dir",
        "directory",
        "engine",
        "backend",
        "list",
        "group",
        "groups",
        "role",
        "roles",
        "kind",
        "namespace",
        "region",
        "header",
        "headers",
        "param",
        "params",
        "position",
        "event",
        "expired",
        "needed",
        "mount",
        "from",
        "owner",
        "parser",
        "email",
        "link",
        "form",
        "button",
        "prompt",
        "in",
        "seconds",
        "minutes",
        "days",
        "ms",
        "age",
        "lifetime",
        "duration",
        "interval",
        "per",
        "error",
        "errors",
        "message",
        "text",
        "placeholder",
        "column",
        "table",
        "key_id",
        "audience",
        "issuer",
        "number",
        "present",
        "configured",
        "set",
        "missing",
        "supported",
        "bytes",
        "bits",
        "total",
        "remaining",
        "cost",
        "price",
        "rate",
        "ratio",
    ]
)
_FIRST = frozenset(
    [
        "max",
        "min",
        "num",
        "total",
        "is",
        "has",
        "no",
        "use",
        "allow",
        "require",
        "requires",
        "enable",
        "disable",
        "show",
        "hide",
        "forgot",
        "reset",
        "next",
        "previous",
        "prev",
        "public",
        "page",
        "continuation",
        "cursor",
        "sync",
        "max_new",
        "pad",
        "eos",
        "bos",
        "unk",
        "mask",
        "sep",
        "cls",
        "stop",
        "prompt",
        "completion",
        "csrf",
        "xsrf",
        "device",
        "cancellation",
        "cancel",
        "primary",
        "foreign",
        "sort",
        "partition",
        "cache",
        "idempotency",
        "compass",
        "passenger",
        "passive",
        "bypass",
    ]
)
_RUN_TOGETHER = re.compile(
    r"(?:id|name|type|count|length|limit|url|uri|path|file|field|label|policy|hash|expiry|expiresin|ttl|format|version)$"
    r"|publickey|secretary|secretsmanager|keyword|tokeniz|compass|passenger|passive|bypass|passthrough|passwordless"
    r"|pagetoken|nexttoken|continuationtoken|synctoken|csrf|xsrf|cancellationtoken|maxtokens|passport(?!secret)"
)
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def classify(name: str) -> SecretName | None:
    """The class of a name in any spelling (`dbPassword`, `DB_PASSWORD`, `db-password`), or None."""
    try:
        return _KNOWN[name]
    except KeyError:
        pass
    found = _judge(name)
    if len(_KNOWN) < _MAX_KNOWN and len(name) <= 128:
        _KNOWN[name] = found
    return found


def _judge(name: str) -> SecretName | None:
    name = name[-128:]
    plain = _LETTERS.sub("", name.lower())
    if len(plain) < 2:
        return None
    if _PASSWORD.search(plain) is not None:
        kind = SecretName.PASSWORD
    elif _TOKEN.search(plain) is not None:
        kind = SecretName.TOKEN
    else:
        return None
    words = [word.lower() for word in _WORDS.findall(name)]
    if len(words) > 1 and (words[-1] in _LAST or words[-1].endswith("ing") or words[0] in _FIRST):
        return None
    return None if _RUN_TOGETHER.search(plain) is not None else kind
