# ruff: noqa: E501 — one kind of text a line
"""A corpus made from published formats and from ordinary text, the same for the same seed.

Positives: an instance of every shape of every built-in detector, and named values that no format covers, in plain
wrappings, encoded and split. Negatives: what agents pass to tools all day. Half of both is held out by the hash of the
case, so that tuning looks at one half and the other is only reported.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import json
import random
import uuid
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import quote

from governance.engine.call import Json
from governance.engine.detection.catalogue import DETECTORS
from governance.engine.detection.detector import Detector, expand

PLAIN, ENCODED, SPLIT = "plain", "encoded", "split"
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One value to scan. `group` is the family of the credential or the kind of the ordinary text."""

    group: str
    way: str
    wrapping: str
    name: str
    value: Json

    @property
    def held_out(self) -> bool:
        """In the half that tuning does not look at."""
        return hashlib.sha256(f"{self.name}|{self.wrapping}".encode()).digest()[0] % 2 == 1


def _fullwidth(text: str) -> str:
    return "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in text)


def _lookalike(text: str) -> str:
    return text.translate(str.maketrans("aeopcxyAEOPCTHKMBX", "аеорсхуАЕОРСТНКМВХ"))


def _halves(text: str) -> tuple[str, str]:
    middle = len(text) // 2
    return text[:middle], text[middle:]


_PLAIN: dict[str, Callable[[str], Json]] = {
    "leaf": lambda s: {"input": s},
    "list": lambda s: {"args": ["--verbose", s, "out.txt"]},
    "sentence": lambda s: {"text": f"Please use {s} for the upload, thanks."},
    "key": lambda s: {"map": {s: 1}},
    "env line": lambda s: {"content": f"DEBUG=1\nSOME_SETTING={s}\nPORT=8080\n"},
    "yaml": lambda s: {"content": f"app:\n  name: web\n  setting: {s}\n  replicas: 2\n"},
    "quoted code": lambda s: {"content": f'client = Client("{s}")\nclient.run()\n'},
    "url query": lambda s: {"url": f"https://api.example.net/v1/items?k={s}"},
    "JSON in a string": lambda s: {"body": json.dumps({"a": {"b": s}})},
    "log line": lambda s: {"log": f"2026-05-01T10:00:00Z INFO sending value={s} retries=3"},
    "command": lambda s: {"command": f"export X='{s}' && ./deploy.sh --now"},
}
_ENCODED: dict[str, Callable[[str], Json]] = {
    "base64": lambda s: {"x": base64.b64encode(s.encode()).decode()},
    "base64url, no padding": lambda s: {"x": base64.urlsafe_b64encode(s.encode()).decode().rstrip("=")},
    "base64 twice": lambda s: {"x": base64.b64encode(base64.b64encode(s.encode())).decode()},
    "base64 in text": lambda s: {"x": f"echo {base64.b64encode(('v=' + s).encode()).decode()} | base64 -d"},
    "hex": lambda s: {"x": s.encode().hex()},
    "hex pairs": lambda s: {"x": s.encode().hex(" ")},
    "percent": lambda s: {"x": "".join(f"%{n:02X}" for n in s.encode())},
    "percent, as needed": lambda s: {"x": "q=" + quote(s, safe="")},
    "JSON escapes": lambda s: {"x": "".join(f"\\u{ord(letter):04x}" for letter in s)},
    "x escapes": lambda s: {"x": "".join(f"\\x{ord(letter):02x}" for letter in s)},
    "HTML decimal": lambda s: {"x": "".join(f"&#{ord(letter)};" for letter in s)},
    "HTML hexadecimal": lambda s: {"x": "".join(f"&#x{ord(letter):x};" for letter in s)},
    "HTML named": lambda s: {"x": f"<b>{html.escape(s)}</b>"},
    "gzip in base64": lambda s: {"x": base64.b64encode(gzip.compress(s.encode(), mtime=0)).decode()},
    "zlib in base64": lambda s: {"x": base64.b64encode(zlib.compress(s.encode())).decode()},
    "UTF-16 in base64": lambda s: {"x": base64.b64encode(s.encode("utf-16-le")).decode()},
    "zero-width": lambda s: {"x": "\u200b".join(s)},
    "soft hyphens": lambda s: {"x": "\u00ad".join(_halves(s))},
    "full-width": lambda s: {"x": _fullwidth(s)},
    "look-alikes": lambda s: {"x": _lookalike(s)},
}
_SPLIT: dict[str, Callable[[str], Json]] = {
    "line break": lambda s: {"x": "\n".join(_halves(s))},
    "indented line break": lambda s: {"x": "\\\n    ".join(_halves(s))},
    "concatenation": lambda s: {"x": 'k = "{}" + "{}"'.format(*_halves(s))},
    "concatenation over lines": lambda s: {"x": "k = ('{}'\n     '{}')".format(*_halves(s))},
    "neighbouring arguments": lambda s: dict(zip(("a", "b"), _halves(s), strict=True)),
    "neighbouring items": lambda s: {"parts": [s[n : n + 9] for n in range(0, len(s), 9)]},
    "base64 over lines": lambda s: {"x": base64.encodebytes((s + " " * 60).encode()).decode()},
}
_NAMES = (
    "password",
    "db_password",
    "DB_PASSWD",
    "api_key",
    "apiKey",
    "API-KEY",
    "secret",
    "client_secret",
    "clientSecret",
    "auth_token",
    "accessToken",
    "refresh_token",
    "PRIVATE_KEY",
    "encryption_key",
    "webhook_secret",
    "admin_pwd",
    "smtp_password",
    "signing_key",
    "x-api-key",
    "service_account_key",
    "bot_token",
    "jwt_secret",
    "master_key",
)
_NAMED: dict[str, Callable[[str, str], Json]] = {
    "JSON field": lambda n, s: {n: s},
    "nested field": lambda n, s: {"config": {"db": {n: s, "port": 5432}}},
    "name and value": lambda n, s: {"env": [{"name": n, "value": s}]},
    "env line": lambda n, s: {"content": f"PORT=1\n{n}={s}\n"},
    "yaml": lambda n, s: {"content": f"db:\n  {n}: {s}\n  port: 1\n"},
    "python": lambda n, s: {"content": f'{n.replace("-", "_")} = "{s}"'},
    "javascript": lambda n, s: {"content": f"const cfg = {{ '{n}': '{s}' }};"},
    "JSON in a string": lambda n, s: {"body": json.dumps({n: s})},
    "option": lambda n, s: {"command": f"run --{n} {s} --fast"},
    "header": lambda n, s: {"text": f"{n}: {s}"},
    "xml": lambda n, s: {"text": f"<{n}>{s}</{n}>"},
}


def secrets(seed: int = 1, *, instances: int = 1) -> Iterator[Case]:
    """Every format in every wrapping, then named values, URLs, headers."""
    for detector in DETECTORS:
        for number, shape in enumerate(detector.shapes):
            for n in range(instances):
                text = _instance(detector, shape, f"{seed}:{detector.id}:{number}:{n}")
                name = f"{detector.id}#{number}.{n}"
                for way, wrappings in ((PLAIN, _PLAIN), (ENCODED, _ENCODED), (SPLIT, _SPLIT)):
                    if way == SPLIT and (detector.words or detector.kind == "private_key" or len(text) < 20):
                        continue
                    for wrapping, wrap in wrappings.items():
                        yield Case(group=detector.kind, way=way, wrapping=wrapping, name=name, value=wrap(text))
    pick = random.Random(seed)
    for name in _NAMES:
        for wrapping, wrap_named in _NAMED.items():
            value = _random_value(pick, human="pass" in name.lower() or "pwd" in name.lower())
            yield Case(group="assignment", way=PLAIN, wrapping=wrapping, name=name, value=wrap_named(name, value))
    yield from _connections(pick)


def _instance(detector: Detector, shape: str, seed: str) -> str:
    if detector.strict and detector.match:
        text = detector.match[0]
    elif detector.check == "armour":
        body = "\n".join(expand("{b:64}", f"{seed}:{n}") for n in range(6))
        return f"{shape}-----\n{body}\n-----END"
    else:
        text = expand(shape, seed)
    return f"{detector.words[0]}_token={text}" if detector.words else text


def _random_value(pick: random.Random, *, human: bool) -> str:
    if human:
        word = "".join(pick.choices("bcdfghklmnprst", k=3)) + pick.choice(("aron", "umber", "indow", "orest"))
        return word.capitalize() + pick.choice("!#$%&*") + str(pick.randrange(10, 9999)) + pick.choice("xyz")
    return "".join(pick.choices(_LETTERS, k=pick.randrange(20, 44))) + str(pick.randrange(10))


def _connections(pick: random.Random) -> Iterator[Case]:
    for scheme in (
        "postgres",
        "postgresql+psycopg",
        "mysql",
        "mongodb",
        "mongodb+srv",
        "redis",
        "amqp",
        "https",
        "ftp",
        "smtp",
    ):
        for number in range(6):
            value = _random_value(pick, human=number % 2 == 0).replace("#", "x").replace("%", "p")
            url = f"{scheme}://app:{value}@db{number}.internal.net:5432/main"
            for wrapping, wrap in (*_PLAIN.items(), ("base64", _ENCODED["base64"]), ("percent", _ENCODED["percent"])):
                way = PLAIN if wrapping in _PLAIN else ENCODED
                if wrapping != "url query":
                    yield Case(
                        group="connection", way=way, wrapping=wrapping, name=f"{scheme}{number}", value=wrap(url)
                    )
    for number in range(40):
        token = "".join(pick.choices(_LETTERS, k=32)) + "7"
        basic = base64.b64encode(f"admin{number}:{_random_value(pick, human=True)}".encode()).decode()
        for name, header in (("bearer", f"Authorization: Bearer {token}"), ("basic", f"Authorization: Basic {basic}")):
            yield Case(group="authorization", way=PLAIN, wrapping="header", name=f"{name}{number}", value={"h": header})
            yield Case(
                group="authorization",
                way=PLAIN,
                wrapping="curl",
                name=f"{name}{number}",
                value={"command": f"curl -H '{header}' https://api.example.net/v1"},
            )
            yield Case(
                group="authorization",
                way=PLAIN,
                wrapping="field",
                name=f"{name}{number}",
                value={"headers": {"Authorization": header.partition(": ")[2]}},
            )


def ordinary(seed: int = 1, *, each: int = 40) -> Iterator[Case]:
    """What is no secret: `each` cases of every kind of ordinary text."""
    pick = random.Random(seed)
    for group, make in ORDINARY.items():
        for number in range(each):
            yield Case(group=group, way=PLAIN, wrapping=group, name=f"{group}{number}", value=make(pick))


def _hex(pick: random.Random, length: int) -> str:
    return "".join(pick.choices("0123456789abcdef", k=length))


def _b64(pick: random.Random, size: int) -> str:
    return base64.b64encode(pick.randbytes(size)).decode()


def _words(pick: random.Random, count: int) -> str:
    return " ".join(pick.choices(_PROSE, k=count))


# fmt: off
_PROSE = (
    "the token password secret key report deploy is was please rotate review access quarterly invoice customer and or for "
    "with policy authentication authorization bearer login credentials reset never share your team meeting update server "
    "release branch commit failed tests database migration index query slow please check it again tomorrow morning basic "
    "security change requires approval from owner before merge because it breaks the build on main since last week"
).split()
_PLACEHOLDERS = (
    "API_KEY=<YOUR_API_KEY>\nTOKEN=${TOKEN}\n", "password: changeme\n", "export TOKEN=$(cat token.txt)\n", "api_key: xxxxxxxxxxxxxxxxxxxx",
    "AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE\nAWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n",
    "Authorization: Bearer <token>", "curl -H 'Authorization: Bearer $TOKEN' https://api.example.com", "password = os.environ['DB_PASSWORD']",
    "token: {{ .Values.token }}", "secret: ${{ secrets.DEPLOY_KEY }}", "DATABASE_URL=postgres://user:password@localhost:5432/db",
    "OPENAI_API_KEY=sk-your-api-key-here", "GITHUB_TOKEN=ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "password: ********", "mysql://root:${DB_PASS}@db/app",
    "slack_token: xoxb-your-token-here", "client_secret = \"REPLACE_ME\"", "api_key: \"\"", "passphrase: <redacted>", "SECRET_KEY=__SECRET__",
    "token=[REDACTED]", "PASSWORD=%PASSWORD%", "apiKey: process.env.API_KEY", "secret: vault:secret/data/app#key", "password: !vault |",
)
_FIELDS: tuple[Json, ...] = (
    {"max_tokens": 4096, "token_type": "bearer", "stop_token": "</s>"}, {"token_ttl": 3600, "password_policy": "strong", "key": "value"},
    {"secret_name": "db-credentials", "secret_key_ref": {"name": "app", "key": "password"}}, {"password": None, "token": True},
    {"primary_key": "id", "foreign_key": "user_id", "sort_key": "created_at"}, {"keyboard": "qwerty", "monkey": "banana", "passenger": "Anna Smith"},
    {"properties": {"password": {"type": "string", "minLength": 8}, "api_key": {"type": "string"}}}, {"public_key": "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE"},
    {"author": "Jane Doe", "authority": "https://login.example.com/common", "authored_at": "2026-05-01"}, {"tokens": ["the", "cat", "sat"], "token_count": 3},
    {"password": "string", "token": "your-token"}, {"secret_version": "v1.2.3", "secret_path": "secret/data/app"}, {"keywords": "security, password, token"},
    {"key": "reports/2026/q3.csv", "bucket": "finance-data"}, {"csrf_token_name": "csrfmiddlewaretoken", "token_url": "https://auth.example.com/oauth/token"},
    {"hotkey": "ctrl+shift+p", "access_level": "maintainer"}, {"password_hash_algorithm": "argon2id", "auth_method": "oidc"}, {"tokenizer": "cl100k_base"},
)
_PYTHON = (
    "def login(user, password):\n    token = create_token(user, secret=settings.SECRET_KEY)\n    return token\n",
    "password = getpass.getpass('Password: ')\napi_key = config.get('api_key')\nself.token = token or self.refresh_token()\n",
    "assert response.headers['Authorization'] == f'Bearer {token}'\nkey = lambda item: item.key\n", "secret_key: SecretStr = Field(..., alias='SECRET_KEY')\n",
    "parser.add_argument('--token', help='API token', default=None)\nif not args.password:\n    raise ValueError('password is required')\n",
    "for key, value in tokens.items():\n    cache[key] = hashlib.sha256(value.encode()).hexdigest()\n", "PASSWORD_VALIDATORS = [{'NAME': 'django.contrib.auth.MinimumLengthValidator'}]\n",
)
_JAVASCRIPT = (
    "const { password, token } = req.body;\nif (!password) return res.status(400).json({ error: 'password is required' });\n",
    "localStorage.setItem('authToken', response.data.token);\nheaders: { Authorization: `Bearer ${token}` }\n", "export const selectToken = (state) => state.auth.token;\n",
    "const apiKey = process.env.API_KEY || '';\nconst key = Object.keys(map)[0];\n", "type Props = { secret: string; apiKey?: string; onToken: (token: Token) => void };\n",
    "<input type=\"password\" value={password} onChange={e => setPassword(e.target.value)} placeholder=\"Enter your password\" />\n",
)
_SQL = (
    "SELECT id, token_type, expires_at FROM tokens WHERE user_id = 42 AND revoked = false ORDER BY created_at DESC LIMIT 10",
    "CREATE TABLE users (id bigint PRIMARY KEY, password_hash text NOT NULL, api_key_id uuid REFERENCES keys(id))", "UPDATE accounts SET password = $1 WHERE id = $2",
    "ALTER TABLE secrets ADD COLUMN key text; CREATE INDEX secrets_key ON secrets (key)", "ALTER USER app WITH PASSWORD :password", "SELECT 'password' AS kind, count(*) FROM auth_events GROUP BY 1",
)
_KUBERNETES = (
    "env:\n- name: DB_PASSWORD\n  valueFrom:\n    secretKeyRef:\n      name: db-@\n      key: password\nimagePullSecrets:\n- name: regcred\n",
    "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: web-@\nsecrets:\n- name: web-token-abcde\nautomountServiceAccountToken: false\n",
    "spec:\n  tls:\n  - hosts: [app.example.com]\n    secretName: app-tls-@\n  rules: []\n", "volumes:\n- name: creds\n  secret:\n    secretName: app-@\n    defaultMode: 0400\n",
)
_TERRAFORM = (
    'resource "aws_db_instance" "main" {\n  username = "app"\n  password = var.db_password\n  kms_key_id = aws_kms_key.main.arn\n}\n',
    'data "vault_generic_secret" "app" {\n  path = "secret/app"\n}\noutput "token" {\n  value     = data.vault_generic_secret.app.data["token"]\n  sensitive = true\n}\n',
    'variable "api_key" {\n  type        = string\n  description = "API key of the service"\n  sensitive   = true\n}\n',
)
ORDINARY: dict[str, Callable[[random.Random], Json]] = {
    "prose": lambda r: {"text": _words(r, 60).capitalize() + ". " + _words(r, 40).capitalize() + "."},
    "commit message": lambda r: {"message": f"{r.choice(('Fix', 'Add', 'Drop'))} {_words(r, 6)}\n\nReverts {_hex(r, 40)}. See #{r.randrange(9999)}."},
    "UUIDs": lambda r: {"id": str(uuid.UUID(int=r.getrandbits(128))), "parent": str(uuid.UUID(int=r.getrandbits(128)))},
    "git": lambda r: {"log": "\n".join(f"{_hex(r, 40)} {_words(r, 5)}" for _ in range(8)), "base": _hex(r, 7)},
    "hashes": lambda r: {"sha256": _hex(r, 64), "md5": _hex(r, 32), "etag": f'"{_hex(r, 32)}"', "checksum": "sha1:" + _hex(r, 40)},
    "package-lock": lambda r: {"content": json.dumps({"packages": {f"node_modules/p{n}": {"version": "1.2.3", "resolved": f"https://registry.example.org/p{n}/-/p{n}-1.2.3.tgz", "integrity": "sha512-" + _b64(r, 64)} for n in range(5)}}, indent=2)},
    "go.sum": lambda r: {"content": "".join(f"github.com/x/y{n} v1.{n}.0 h1:{_b64(r, 32)}\n" for n in range(6))},
    "poetry.lock": lambda r: {"content": "".join(f'{{file = "pkg-{n}.0-py3-none-any.whl", hash = "sha256:{_hex(r, 64)}"}},\n' for n in range(5))},
    "docker digest": lambda r: {"image": f"registry.example.net/team/app@sha256:{_hex(r, 64)}", "tag": f"main-{_hex(r, 8)}"},
    "image": lambda r: {"src": "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + r.randbytes(600)).decode()},
    "image in lines": lambda r: {"data": base64.encodebytes(b"\xff\xd8\xff\xe0\x00\x10JFIF" + r.randbytes(500)).decode()},
    "public key": lambda r: {"key": f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{_b64(r, 32)[:43]} someone@host", "pem": f"-----BEGIN PUBLIC KEY-----\n{_b64(r, 96)}\n-----END PUBLIC KEY-----"},
    "certificate": lambda r: {"cert": "-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(b"0\x82" + r.randbytes(700)).decode() + "-----END CERTIFICATE-----"},
    "placeholders": lambda r: {"content": r.choice(_PLACEHOLDERS)},
    "key fields": lambda r: r.choice(_FIELDS),
    "python": lambda r: {"content": r.choice(_PYTHON)},
    "javascript": lambda r: {"content": r.choice(_JAVASCRIPT)},
    "minified": lambda r: {"content": "!function(e,t){" + "".join(f"var {a}{n}=e.{a}(t,{r.randrange(999)}),k{n}=t[{n}]&&t[{n}].key;" for n, a in enumerate(r.choices("abcdefgh", k=30))) + "}(window,[]);"},
    "SQL": lambda r: {"query": r.choice(_SQL)},
    "kubernetes": lambda r: {"content": r.choice(_KUBERNETES).replace("@", _hex(r, 10))},
    "terraform": lambda r: {"content": r.choice(_TERRAFORM)},
    "log": lambda r: {"log": "\n".join(f"2026-05-0{n % 9 + 1}T10:0{n % 9}:00.{r.randrange(999)}Z level=info trace_id={_hex(r, 32)} span_id={_hex(r, 16)} request_id={uuid.UUID(int=r.getrandbits(128))} user_id={r.randrange(99999)} dur={r.random():.3f}" for n in range(6))},
    "CSV": lambda r: {"content": "id,name,amount,ref\n" + "".join(f"{r.randrange(10**9)},{_words(r, 2)},{r.random() * 1000:.2f},R{r.randrange(10**8)}\n" for _ in range(12))},
    "URLs": lambda r: {"url": f"https://www.example.com/docs/{_words(r, 3).replace(' ', '-')}/{r.randrange(10**6)}?page=2&utm_source=mail&ref={_hex(r, 12)}#token-policy"},
    "HTML": lambda r: {"body": f'<div class="key-value" id="{_hex(r, 8)}"><label for="password">Password</label><input type="password" name="password" autocomplete="current-password"><p>{_words(r, 20)}</p></div>'},
    "paths": lambda r: {"path": f"/srv/app/{r.choice(('secrets', 'tokens', 'keys'))}/{_words(r, 2).replace(' ', '/')}/v{r.randrange(9)}/handler_{r.randrange(99)}.py"},
    "numbers": lambda r: {"values": [r.random() * 10**r.randrange(9) for _ in range(20)], "at": "2026-05-01T10:00:00Z", "phone": "+49 30 1234567", "iban": "DE89370400440532013000"},
    "stack trace": lambda r: {"text": f'Traceback (most recent call last):\n  File "/usr/lib/python3.11/site-packages/auth/tokens.py", line {r.randrange(999)}, in verify\n    raise InvalidToken(token_type="access", key_id=kid)\nauth.errors.InvalidToken: token is expired'},
    "ids": lambda r: {"cursor": _b64(r, 18), "next_page_token": _b64(r, 24), "build": f"20260501.{r.randrange(99)}-{_hex(r, 7)}", "arn": f"arn:aws:iam::{r.randrange(10**11, 10**12)}:role/deploy", "key_id": "K" + _hex(r, 12)},
}
# fmt: on
