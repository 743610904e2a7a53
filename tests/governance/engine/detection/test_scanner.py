"""What a scan finds, where it says that it stands, and what it never says."""

from __future__ import annotations

import base64
import gzip
import json
import threading
from dataclasses import asdict

import pytest

from governance.engine.call import Json
from governance.engine.detection import DetectorError, Scan, Scanner, redact
from governance.engine.detection.detector import expand
from governance.engine.detection.matching.own import CANARY
from governance.engine.document.controls import DetectorFields
from tests.governance.engine.detection.conftest import KEY

TOKEN = expand("ghp_{w:36}", "a test")
AWS = expand("AKIA{2:16}", "a test")


def paths(scan: Scan) -> set[str]:
    return {finding.path for finding in scan.findings}


def detectors(scan: Scan) -> set[str]:
    return {finding.detector for finding in scan.findings}


def test_clean_arguments_give_nothing_and_are_complete(scanner: Scanner) -> None:
    scan = scanner.scan({"path": "/srv/ledger/q3.csv", "limit": 3, "deep": [{"a": None, "b": True}]})
    assert scan == Scan(findings=(), complete=True, action="block")


def test_a_finding_tells_where_and_what(scanner: Scanner) -> None:
    (finding,) = scanner.scan({"a": [{"b/c": {"~": f"use {TOKEN} now"}}]}).findings
    assert finding.path == "/a/0/b~1c/~0"
    assert (finding.detector, finding.kind, finding.in_key, finding.shadow) == ("github-token", "source", False, False)
    assert len(finding.fingerprint) == 32


def test_equal_values_have_equal_fingerprints_under_one_key_only(scanner: Scanner) -> None:
    other = Scanner.compile(fingerprint_key=b"another key of the tests")
    one = scanner.scan({"a": TOKEN}).findings[0].fingerprint
    assert one == scanner.scan(f"x {TOKEN} y").findings[0].fingerprint
    assert one != other.scan({"a": TOKEN}).findings[0].fingerprint


@pytest.mark.parametrize(
    "value",
    [
        {"a": TOKEN},
        {TOKEN: {"inner": TOKEN}},
        {"a": {f"x {TOKEN}": [TOKEN]}},
        {"password": "Sup3r!geheim99"},
        {base64.b64encode(TOKEN.encode()).decode(): 1},
        {"a": TOKEN[:20], "b": TOKEN[20:]},
    ],
)
def test_no_window_of_eight_characters_of_a_secret_is_in_a_finding(scanner: Scanner, value: Json) -> None:
    scan = scanner.scan(value)
    told = json.dumps([asdict(finding) for finding in scan.findings])
    assert scan.findings
    for secret in (
        TOKEN,
        "Sup3r!geheim99",
        base64.b64encode(TOKEN.encode()).decode(),
        TOKEN[::-1],
        TOKEN.encode().hex(),
    ):
        assert not any(secret[n : n + 8] in told for n in range(len(secret) - 7))


def test_a_key_that_holds_a_secret_is_hidden_in_every_path(scanner: Scanner) -> None:
    scan = scanner.scan({"x": 1, TOKEN: {"password": "Sup3r!geheim99"}})
    assert {(f.path, f.in_key) for f in scan.findings} == {("/[key:1]", True), ("/[key:1]/password", False)}


def test_a_real_key_that_looks_like_our_placeholder_does_not_mislead(scanner: Scanner) -> None:
    value: Json = {"[key:1]": "fine", "b": TOKEN}
    scan = scanner.scan(value)
    assert redact(value, scan.findings) == {"[key:1]": "fine", "b": "[secret:source]"}


def test_a_separator_in_an_argument_does_not_move_the_finding(scanner: Scanner) -> None:
    for hostile in ("\x1e", "%1e", "\\u001e", "&#30;", "\n\x1e\n" * 5):
        scan = scanner.scan({"a": f"x{hostile}y % \\n &amp;", "b": "n", "c": f"%20{TOKEN}"})
        assert "/c" in paths(scan)
        assert not paths(scan) & {"/a", "/b"}


def test_a_secret_split_over_neighbours_is_found_at_each_of_them(scanner: Scanner) -> None:
    assert paths(scanner.scan({"q": "first", "a": TOKEN[:15], "b": TOKEN[15:], "z": "last one"})) == {"/a", "/b"}
    assert paths(scanner.scan({"parts": list(TOKEN)})) == {f"/parts/{n}" for n in range(len(TOKEN))}
    encoded = base64.b64encode(TOKEN.encode()).decode()
    assert {"/a", "/b"} <= paths(scanner.scan({"a": encoded[:30], "b": encoded[30:]}))


def test_what_a_value_means_beside_its_name_counts(scanner: Scanner) -> None:
    assert paths(scanner.scan({"db": {"password": "Tr0ub4dor&3"}})) == {"/db/password"}
    assert paths(scanner.scan({"env": [{"name": "API_KEY", "value": "q8Zk2Vj9wH4pG8bM1fT6"}]})) == {"/env/0/value"}
    assert paths(scanner.scan({"tokens": ["q8Zk2Vj9wH4pG8bM1fT6yD"]})) == {"/tokens/0"}
    assert paths(scanner.scan({"pin_code": 48151623})) == {"/pin_code"}
    assert not scanner.scan({"max_tokens": 4096, "token_type": "bearer", "password": None}).findings


@pytest.mark.parametrize(
    "marker",
    [
        "EXAMPLE",
        "kingfisher:ignore",
        "gitleaks:allow",
        "pragma: allowlist secret",
        "nosec",
        "test fake dummy",
        "<placeholder>",
    ],
)
def test_no_marker_in_the_argument_switches_detection_off(scanner: Scanner, marker: str) -> None:
    for text in (f"{TOKEN} {marker}", f"# {marker}\n{TOKEN}", f"{marker} {AWS} {marker}", f"{TOKEN}{marker}"):
        assert scanner.scan({"a": text, marker: marker}).findings, text


def test_documented_keys_and_placeholders_are_no_secrets(scanner: Scanner) -> None:
    for text in (
        "AKIAIOSFODNN7EXAMPLE",
        "api_key=<YOUR_KEY>",
        "token: ${TOKEN}",
        "password=changeme",
        "ghp_" + "x" * 36,
    ):
        assert not scanner.scan({"a": text}).findings, text


def test_what_is_too_deep_too_large_or_does_not_open_is_incomplete(scanner: Scanner) -> None:
    deep: Json = "x"
    for _ in range(40):
        deep = {"k": deep}
    assert not scanner.scan(deep).complete
    assert not scanner.scan({"a": "x y " * 400_000}).complete
    bomb = base64.b64encode(gzip.compress(bytes(20_000_000))).decode()
    assert not scanner.scan({"a": bomb}).complete
    nested = TOKEN.encode()
    for _ in range(7):
        nested = base64.b64encode(nested)
    scan = scanner.scan({"a": nested.decode()})
    assert scan.findings or not scan.complete


def test_a_scan_that_timed_out_in_the_broad_rules_is_incomplete(
    scanner: Scanner, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Slow:
        def match(self, text: bytes, *, timeout: float) -> object:
            raise TimeoutError

    slow = Scanner(
        matcher=scanner.matcher, rules=Slow(), own=scanner.own, off=frozenset(), shadow=frozenset(), action="block",  # type: ignore[arg-type]
        fingerprint_key=KEY,
    )  # fmt: skip
    assert not slow.scan({"a": "anything"}).complete


def test_an_off_detector_is_not_replaced_by_another_that_knows_the_same() -> None:
    jwt = ".".join(
        base64.urlsafe_b64encode(part).decode().rstrip("=")
        for part in (b'{"alg":"HS256","typ":"JWT"}', b'{"sub":"1234567","name":"Jane Roe"}', b"\x8f\x01\xe2\xb9" * 8)
    )
    assert "jwt" in detectors(Scanner.compile(fingerprint_key=KEY).scan({"input": jwt}))
    assert not Scanner.compile(off=["jwt"], fingerprint_key=KEY).scan({"input": jwt}).findings


def test_shadow_marks_and_does_not_enforce() -> None:
    for shadow in (["github-token"], ["builtin"]):
        scan = Scanner.compile(shadow=shadow, fingerprint_key=KEY).scan({"a": TOKEN})
        assert scan.findings
        assert not scan.enforced


@pytest.mark.parametrize(
    "text",
    [
        "ansible_become_pass: QRKw7ah1WXPs",
        "storepass=tQz4mWn8Rk",
        "PGPASSWORD=FZymYWU7otMd psql -h db",
        "pw: kQzRw3TbXcVn",
    ],
)
def test_a_password_without_quotes_that_is_no_identifier_is_found(scanner: Scanner, text: str) -> None:
    assert scanner.scan({"command": text}).findings


@pytest.mark.parametrize(
    "text",
    [
        "password = base64Password",
        "password: {type: string, format: password}",
        "secret = sha256ofToken",
        "token = nextToken2",
        "compass: north2East",
        "render_pass: shadow2D",
    ],
)
def test_an_identifier_beside_a_telling_name_is_none(scanner: Scanner, text: str) -> None:
    assert scanner.scan({"command": text}).findings == ()


def test_an_own_detector_that_is_tried_in_shadow_hides_no_finding_in_force() -> None:
    wide: DetectorFields = {"id": "wide", "pattern": "[a-zA-Z0-9_=:!/ -]{4,200}", "mode": "shadow"}
    scanner = Scanner.compile(own=[wide], fingerprint_key=KEY)
    for value in ({"a": f"GITHUB_TOKEN={TOKEN}"}, {"password": "hunter2Zq9x!kk"}, {"a": "x", "b": TOKEN}):
        found = {(finding.detector, finding.shadow) for finding in scanner.scan(value).findings}
        assert ("wide", True) in found
        assert any(not shadow for _, shadow in found), value


@pytest.mark.parametrize("name", ["builtin", "github-token", "assignment"])
def test_an_own_detector_in_shadow_darkens_no_built_in_one_by_taking_its_name(name: str) -> None:
    own: DetectorFields = {"id": name, "pattern": "acme_[a-z]{9}", "mode": "shadow"}
    scanner = Scanner.compile(own=[own], fingerprint_key=KEY)
    assert not any(finding.shadow for finding in scanner.scan({"a": TOKEN, "password": "hunter2Zq9x!kk"}).findings)
    assert [finding.shadow for finding in scanner.scan({"a": "acme_abcdefghi"}).findings] == [True]


def test_without_packs_only_the_policys_own_detectors_run() -> None:
    own: list[DetectorFields] = [
        {"id": "acme-key", "pattern": "acme_[a-z0-9]{8}", "examples": {"match": ["acme_0123abcd"], "pass": ["acme_x"]}}
    ]
    scanner = Scanner.compile(packs=[], own=own, action="redact", fingerprint_key=KEY)
    scan = scanner.scan(
        {"a": TOKEN, "b": "acme_99zz88yy", "c": base64.b64encode(b"key acme_99zz88yy is here").decode()}
    )
    assert (detectors(scan), paths(scan), scan.action) == ({"acme-key"}, {"/b", "/c"}, "redact")


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ({"id": "a", "pattern": r"(?=x)y"}, "not an RE2 pattern"),
        ({"id": "a", "pattern": "x*"}, "matches the empty text"),
        ({"id": "a", "pattern": "x{1000}y{1000}z{1000}w{1000}v{1000}"}, "instructions"),
        ({"id": "a", "pattern": "abc", "examples": {"match": ["xyz"]}}, r"match\[0\] is not matched"),
        ({"id": "a", "pattern": "abc", "examples": {"pass": ["x", "abcd"]}}, r"pass\[1\] is matched"),
    ],
)
def test_a_wrong_own_detector_does_not_compile(entry: DetectorFields, why: str) -> None:
    with pytest.raises(DetectorError, match=why):
        Scanner.compile(packs=[], own=[entry], fingerprint_key=KEY)


@pytest.mark.parametrize(
    "wrap",
    [
        str,
        lambda s: base64.b64encode(b"xy" + s.encode()).decode(),
        lambda s: s.encode().hex(),
        lambda s: s.replace("-", "%2D"),
        lambda s: s[::-1],
    ],
)
def test_a_canary_is_found_plain_and_encoded(wrap: object) -> None:
    scanner = Scanner.compile(packs=[], canaries=["blue-heron-over-the-lake"], fingerprint_key=KEY)
    text = f"see {wrap('blue-heron-over-the-lake')} there"  # type: ignore[operator]
    assert detectors(scanner.scan({"a": text})) == {CANARY}
    assert not scanner.scan({"a": "blue-heron-over-the-sea"}).findings


def test_a_short_canary_is_refused() -> None:
    with pytest.raises(DetectorError, match="fewer than"):
        Scanner.compile(packs=[], canaries=["short"], fingerprint_key=KEY)


def test_a_weak_fingerprint_key_or_an_unknown_action_is_refused() -> None:
    with pytest.raises(ValueError, match="16 to 64"):
        Scanner.compile(fingerprint_key=b"short")
    with pytest.raises(ValueError, match="unknown action"):
        Scanner.compile(action="pass", fingerprint_key=KEY)


def test_threads_share_one_scanner(scanner: Scanner) -> None:
    wrong: list[int] = []

    def work(number: int) -> None:
        for n in range(50):
            value: Json = {"a": f"{number} {n}", "b": TOKEN if n % 2 else "nothing to see"}
            if bool(scanner.scan(value).findings) != bool(n % 2):
                wrong.append(n)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_redact_replaces_leaves_and_keys_and_leaves_the_argument_alone(scanner: Scanner) -> None:
    value: Json = {"a": [1, {"t": f"x {TOKEN}"}], TOKEN: {"password": "Tr0ub4dor&3"}, "n": None}
    before = json.dumps(value)
    clean = redact(value, scanner.scan(value).findings)
    assert clean == {
        "a": [1, {"t": "[secret:source]"}],
        "[secret:source]": {"password": "[secret:assignment]"},
        "n": None,
    }
    assert json.dumps(value) == before
    assert redact({"t": TOKEN}, scanner.scan({"t": TOKEN}).findings, replacement="[redacted]") == {"t": "[redacted]"}
    assert redact(TOKEN, scanner.scan(TOKEN).findings) == "[secret:source]"
