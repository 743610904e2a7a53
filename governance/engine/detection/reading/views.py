"""Other ways to read a text: what it says when escapes, encodings, invisible letters and breaks are taken away."""

from __future__ import annotations

import binascii
import re
import unicodedata
import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from functools import lru_cache
from html.entities import html5
from itertools import accumulate
from typing import Any
from urllib.parse import unquote_to_bytes

from governance.engine.detection.patterns import UNANCHORED, Purse, regexp, spans
from governance.engine.detection.reading.leaves import MARK

_MAX_ESCAPES = 16_000  # HTML entities, or half the backslashes, of one text; with more it is not looked through
MAX_INFLATED = 512 << 10  # bytes that one compressed piece may open to

# Letters of other scripts that look like ASCII ones, beyond what compatibility normalisation folds.
_PAIRS = (
    "аa ьb сc ԁd еe һh іi јj кk мm оo рp ԛq ѕs тt ѵv ԝw хx уy АA ВB СC ЕE НH ІI ЈJ КK МM ОO РP ԚQ ЅS ТT "
    "ԜW ХX ҮY ԌG αa βb γy εe ιi κk νv οo ρp τt υu χx ωw ΑA ΒB ΕE ΖZ ΗH ΙI ΚK ΜM ΝN ΟO ΡP ΤT ΥY ΧX ϹC ϲc "
    "ϳj ᴀA ʙB ᴄC ᴅD ᴇE ɢG ʜH ɪI ᴊJ ᴋK ʟL ᴍM ɴN ᴏO ᴘP ʀR ᴛT ᴜU ᴠV ᴡW ʏY ᴢZ ıi ȷj ɑa ɡg օo ոn սu ցg հh յj "
    "քp "
)
_PUNCTUATION = {
    **dict.fromkeys(map(chr, (0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2015, 0x2212)), "-"),
    **dict.fromkeys(map(chr, (0x2018, 0x2019)), "'"),
    **dict.fromkeys(map(chr, (0x201C, 0x201D, 0x201E)), '"'),
    **dict.fromkeys(map(chr, (0x2236, 0xA789)), ":"),
    **dict.fromkeys(map(chr, (0x2044, 0x2215)), "/"),
    **dict.fromkeys(map(chr, (0x2024, 0x3002)), "."),
}
_LOOKALIKE = {**{pair[0]: pair[1] for pair in _PAIRS.split()}, **_PUNCTUATION}
_MEETING = re.compile(r"(?<=[\w/+=-])(?:\"\"|'')(?=[\w/+=-])")
_BACKSLASH = re.compile(
    r"\\(?:u\{?(?:00)?([2-7][0-9a-fA-F])\}?|x([2-7][0-9a-fA-F])|U000000([2-7][0-9a-fA-F])|([01][0-7]{2})|([nrtbf/\"'`\\]))"
)
_LETTER = {"n": "\n", "r": "\n", "t": "\t", "b": "", "f": "\n"}
_ENTITY = re.compile(r"&(?:#(\d{1,7});?|#[xX]([0-9a-fA-F]{1,6});?|([a-zA-Z]{2,8});)")
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_PERCENT = re.compile(r"%[2-7][0-9a-fA-F]")
# How one value is written as several on one line, by the sign between the quotes. Plain strings, because replacing
# them costs a tenth of a pattern, and each only where the set of anchors saw its sign.
_SIGNS = {"+": "plus", "..": "dots", ".": "dot", "&": "and", ",": "comma", "~": "tilde", "||": "bars", "<<": "shift"}
_CONCATENATED = {
    f"concat-{name}": tuple(
        f"{left}{before}{sign}{after}{right}"
        for left, right in (('"', '"'), ("'", "'"), ('"', "'"), ("'", '"'))
        for before, after in (("", " ") if sign == "," else (" ", " "), ("", ""))
    )
    for sign, name in _SIGNS.items()
}
_MEETING_HINT = "concat-meeting"
_EDGE = " \t\r\\+\"'`,;>|*#()&"  # what may stand at a line's ends where one value is broken over lines
_RUN = regexp(r"[A-Za-z0-9+/_\-]{20,}={0,2}")
_TOKEN = regexp(r"[A-Za-z0-9+/_\-.%:=!*$~|]{16,}")
_HEX_PAIRS = regexp(r"[0-9a-fA-F]{2}(?:[ :,;\-][0-9a-fA-F]{2}){4}(?:[ :,;\-][0-9a-fA-F]{2})+")
_PRINTABLE = regexp(r"[ -~\n\r\t]{12,}")
_URLSAFE = bytes.maketrans(b"-_", b"+/")
_UNPRINTABLE = bytes(n if 32 <= n < 127 or n in b"\n\r\t" else 10 for n in range(256))
_PIECES = re.compile(rb"[A-Za-z0-9+]{16,}={0,2}")
# What the set of anchors is asked besides: is there something that these readings could undo?
HINTS = {
    "named": r"(?i:pass|pw|secret|token|key|auth|cred|cookie|conn|dsn|sas|contrasen|kennwort|senha|pin|jwt|salt|seed"
    r"|mnemonic|otp|recovery|backup|databaseurl|database_url|webhook|bearer|value|hmac|totp)[\w.\- ]*:|(?i:\bpat):",
    **{f"concat-{name}": rf"[\"'] ?{re.escape(sign)} ?[\"']" for sign, name in _SIGNS.items()},
    _MEETING_HINT: r"[\w/+=\-](?:\"\"|'')[\w/+=\-]",
    "paired": r"[0-9a-fA-F]{2}[ :,;\-][ ]?(?:0x|\\x)?[0-9a-fA-F]{2}[ :,;\-][ ]?(?:0x|\\x)?[0-9a-fA-F]{2}[ :,;\-]",
}
_DIGITS = b"0123456789"
_LOWER_HEX = b"0123456789abcdef-"
_PROBE = 24  # characters of a run that are decoded to see whether it begins with an odd offset
_MAX_TABLE = 70_000  # characters whose look-alike is remembered
_HEX = b"0123456789abcdefABCDEF"
_PACKED = (b"\x1f\x8b", b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")  # how gzip and zlib begin


def reread(text: str, purse: Purse) -> str | None:
    """The text with one layer of every escape and disguise that it holds taken away; None where it holds none.

    All kinds at once, so that a text that mixes them has one more reading and not one for each order of undoing them.
    """
    plain = text
    if not plain.isascii():
        plain = _aligned(plain, visible(plain), visible)
    if "\x1b" in plain:
        plain = _ANSI.sub("", plain)
    if "&" in plain and _ENTITY.search(plain) is not None:
        if plain.count("&") > _MAX_ESCAPES and not purse.spend(purse.left + 1):
            return None
        plain = _aligned(plain, unmarked(plain), unmarked)
    if "%" in plain and _PERCENT.search(plain) is not None:
        plain = _aligned(plain, _unquoted(plain), _unquoted)
    if "\\" in plain and _BACKSLASH.search(plain) is not None:
        if plain.count("\\") > 2 * _MAX_ESCAPES and not purse.spend(purse.left + 1):
            return None
        plain = _aligned(plain, unescaped(plain), unescaped)
    return None if plain == text else plain


class Cuts:
    """Where in its bytes a text was put together from pieces. Worked out only when it is asked."""

    __slots__ = ("_ascii", "_ends", "_pieces")

    def __init__(self, pieces: list[str], *, ascii_only: bool) -> None:
        self._pieces = pieces
        self._ascii = ascii_only
        self._ends: list[int] = []

    @property
    def ends(self) -> list[int]:
        """The byte offsets at which the pieces end, ascending."""
        if not self._ends:
            lengths = list(map(len, self._pieces))
            if not self._ascii:
                lengths = [len(piece.encode("utf-8", "surrogatepass")) for piece in self._pieces]
            self._ends = list(accumulate(lengths))
        return self._ends

    def __contains__(self, offset: int) -> bool:
        at = bisect_left(self.ends, offset)
        return at < len(self.ends) and self.ends[at] == offset

    def inside(self, start: int, end: int) -> bool:
        """Does a cut lie strictly between?"""
        at = bisect_right(self.ends, start)
        return at < len(self.ends) and self.ends[at] < end

    def pieces(self, start: int, end: int) -> range:
        """The numbers of the pieces that the span touches."""
        return range(bisect_right(self.ends, start), bisect_left(self.ends, end) + 1)


def joined(text: str, hints: set[str]) -> tuple[str, Cuts] | None:
    """The text without line breaks and string concatenation, and where it was put together; None where it has none.

    `hints` are what the set of anchors saw of HINTS.
    """
    found = False
    for hint in hints:
        if hint in _CONCATENATED:
            found = True
            for form in _CONCATENATED[hint]:
                text = text.replace(form, "\n")
        elif hint == _MEETING_HINT:
            found = True
            text = _MEETING.sub("\n", text)
    if not found and text.count("\n") <= 2 * text.count(MARK):
        return None
    return put_together([line.strip(_EDGE) for line in text.split("\n")])


def put_together(pieces: list[str]) -> tuple[str, Cuts]:
    """Pieces as one text, and where one meets the next."""
    whole = "".join(pieces)
    return whole, Cuts(pieces, ascii_only=whole.isascii())


def runs_of(text: bytes, purse: Purse) -> list[tuple[int, int]]:
    """The spans of the long runs of letters, digits and what base64 has beside them, but for lower-case words."""
    return _runs(_RUN, text, purse)


def meets(text: bytes, cuts: Cuts, purse: Purse) -> bool:
    """Does something that could be a credential lie over a cut?"""
    return any(cuts.inside(start, end) for start, end in _runs(_TOKEN, text, purse))


def _runs(pattern: Any, text: bytes, purse: Purse) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    match, at, stop = pattern.Match, 0, len(text)
    while at < stop and purse.spend():
        start, end = match(UNANCHORED, text, at, stop)[0]
        if start < 0:
            break
        run = text[start:end]
        if not run.islower() or not run[:16].strip(_LOWER_HEX) or end - start - len(run.translate(None, _DIGITS)) > 4:
            found.append((start, end))
        at = end
    return found


def decoded(
    text: bytes, runs: list[tuple[int, int]], purse: Purse, *, paired: bool
) -> Iterator[tuple[int, bytes | None]]:
    """What the base64, hexadecimal and compressed runs of a text hold: (offset of the run, what it says).

    `paired` says that hexadecimal pairs with signs between them occur, which the set of anchors knows.
    None in place of the bytes means: this opens to more than may be looked at.
    """
    for start, end in runs:
        if not purse.spend():
            return
        for opened in _opened(text[start:end], purse):
            yield start, opened
    if paired:
        plain = text.replace(b", ", b",").replace(b"0x", b"").replace(b"\\x", b" ")
        for start, end in spans(_HEX_PAIRS, plain, 0, len(plain), purse):
            digits = plain[start:end].translate(None, b" :,;-")
            if len(digits) >= 24 and (said := _said(binascii.unhexlify(digits))) is not None:
                yield plain_offset(text, plain, start), said


def plain_offset(text: bytes, plain: bytes, start: int) -> int:
    """An offset in the text, in the same part as an offset in a copy of it from which signs were taken."""
    mark = plain.count(b"\x1e", 0, start)
    at = -1
    for _ in range(mark):
        at = text.find(b"\x1e", at + 1)
    return at + 1 + max(0, start - plain.rfind(b"\x1e", 0, start) - 1)


def visible(text: str) -> str:
    """Without invisible characters, with full-width and look-alike letters as the ASCII that they pass for."""
    size = len(text)
    if (len(text.encode("utf-8", "surrogatepass")) - size) * 8 > size:
        return text.translate(_TABLE)
    return _NOT_ASCII.sub(lambda found: _plain(found[0]), text)


def unescaped(text: str) -> str:
    """Backslash escapes of JSON, JavaScript, C and shells, one layer."""

    def plain(found: re.Match[str]) -> str:
        digits = found[1] or found[2] or found[3]
        if digits:
            return chr(int(digits, 16))
        if found[4]:
            return chr(int(found[4], 8))
        return _LETTER.get(found[5], found[5])

    return _BACKSLASH.sub(plain, text)


def unmarked(text: str) -> str:
    """HTML's character references as what they stand for; what names none stays."""
    return _ENTITY.sub(_referred, text)


def _referred(found: re.Match[str]) -> str:
    decimal, hexadecimal, name = found.groups()
    if name is not None:
        return html5.get(name + ";", found[0])
    code = int(decimal) if decimal is not None else int(hexadecimal, 16)
    return chr(code) if 0 < code < 0xD800 or 0xDFFF < code <= 0x10FFFF else ""


def _unquoted(text: str) -> str:
    return unquote_to_bytes(text).decode("utf-8", "replace")


def _aligned(before: str, after: str, reading: object) -> str:
    """A rereading must keep the count of separators, or a finding would be put at the wrong leaf."""
    if before.count(MARK) == after.count(MARK):
        return after
    parts = [reading(part).replace(MARK, " ") for part in before.split(MARK)]  # type: ignore[operator]
    return MARK.join(parts)


_NOT_ASCII = re.compile(r"[^\x00-\x7f]")


@lru_cache(maxsize=8192)
def _plain(letter: str) -> str:
    known = _LOOKALIKE.get(letter)
    if known is not None:
        return known
    if (
        unicodedata.category(letter) in {"Cf", "Cc", "Mn", "Me", "Cs", "Co", "Cn"}
        or letter in "\u115f\u1160\u3164\uffa0\u2800\u034f"
    ):
        return ""
    folded = unicodedata.normalize("NFKC", letter)
    if folded.isascii():
        return folded
    base = unicodedata.normalize("NFKD", letter)[0]
    return base if base.isascii() else letter


class _Table(dict[int, str]):
    """What each character passes for, worked out when it is first met."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        plain = letter if code < 128 else _plain(letter)
        if len(self) < _MAX_TABLE:
            self[code] = plain
        return plain


_TABLE = _Table()


def _opened(run: bytes, purse: Purse) -> Iterator[bytes | None]:
    body = run.rstrip(b"=")
    if not body.translate(None, _HEX) or body[:2] in (b"0x", b"0X"):
        digits = body[2:] if body[1:2] in b"xX" else body
        try:
            said = binascii.unhexlify(digits[: len(digits) & ~1])
        except binascii.Error:
            said = b""
        if (plain := _said(said)) is not None:
            yield plain
            return
        if said.startswith(_PACKED):
            yield from _inflated(said, purse)
            return
    if run.islower() or run.isupper():
        return
    standard = body.translate(_URLSAFE)
    for offset in range(4):
        if offset and not _unbase64(standard[offset : offset + _PROBE]).isascii():
            continue
        raw = _unbase64(standard[offset:])
        if raw.startswith(_PACKED):
            yield from _inflated(raw, purse)
            return
        if (plain := _said(raw)) is not None:
            yield plain
            return
    if len(body) > 32 and (b"/" in body or b"-" in body or b"_" in body):
        for found in _PIECES.finditer(body):
            if found.end() - found.start() < len(body) and purse.spend():
                raw = _unbase64(found[0].rstrip(b"="))
                if raw.startswith(_PACKED):
                    yield from _inflated(raw, purse)
                elif (plain := _said(raw)) is not None:
                    yield plain


def _unbase64(body: bytes) -> bytes:
    """What base64 in its standard alphabet and without padding says."""
    over = len(body) % 4
    try:
        return binascii.a2b_base64(body + b"==" if over > 1 else body[:-1] if over else body)
    except binascii.Error:
        return b""


def _said(raw: bytes) -> bytes | None:
    """The readable text in decoded bytes, or None where there is none worth reading."""
    if len(raw) < 6:
        return None
    if raw.isascii():
        if raw.count(0) * 3 > len(raw):
            raw = raw.replace(b"\x00", b"")
        return raw if len(raw.translate(None, _CONTROL)) * 10 > len(raw) * 9 else None
    if len(raw) < 40 or _PRINTABLE.Match(UNANCHORED, raw, 0, len(raw))[0][0] < 0:
        return None
    return raw.translate(_UNPRINTABLE)


_CONTROL = bytes(n for n in range(32) if n not in b"\n\r\t")


def _inflated(raw: bytes, purse: Purse) -> Iterator[bytes | None]:
    """gzip and zlib, bounded. Data that pretends to be compressed and is not is looked at as it is."""
    unpacker = zlib.decompressobj(wbits=47)
    try:
        opened = unpacker.decompress(raw, MAX_INFLATED)
    except zlib.error:
        opened = b""
    if not purse.spend(1 + len(opened) // 4096) or unpacker.unconsumed_tail:
        yield None
        return
    said = _said(opened) or _said(raw)
    if said is not None:
        yield said
