"""A request's id: what is kept of the caller's `x-request-id`, and what is answered.

An answer repeats what the caller sent, as AuthZEN has it (Request Identification), unless it could be a credential.
What is logged and told in problem details is narrower: a plain id, else one of our own.
"""

from __future__ import annotations

import os
import re

from governance.api.door.exchange import Headers
from governance.engine.detection.tokenlike import is_plain_id

HEADER = "x-request-id"
_NAME = HEADER.encode()
_KEPT = re.compile(r"[A-Za-z0-9._:-]{1,128}", re.ASCII)
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]+")  # RFC 9110, 5.5
_BETWEEN = re.compile(r"[^A-Za-z0-9-]+", re.ASCII)
# The ids of connections of ASP.NET Core, as in 0HMVE7S1Q2K3:00000001.
_CONNECTION = re.compile(r"[0-9A-Z]{1,13}", re.ASCII)


def request_id_of(headers: Headers) -> str:
    """The caller's id where it may be kept, otherwise a new one of 32 hex digits."""
    return kept(given(headers))


def given(headers: Headers) -> str | None:
    """The caller's own id as it came."""
    for key, value in headers:
        if key == _NAME:
            return value.decode("latin-1")
    return None


def kept(sent: str | None) -> str:
    """What the request is called here: `sent` where it is a plain id and no credential, otherwise a new id."""
    if sent is not None and _KEPT.fullmatch(sent) and is_plain_id(sent):
        return sent
    return os.urandom(16).hex()


def answered(sent: str | None, own: str) -> str:
    """What the answer's header says: `sent` where it can be a header's value and holds no credential, else `own`.

    The parts of an id are looked at one by one: those of `Root=1-67891233-abcdef012345678912345678;Self=1-aa` are
    hexadecimal. A part that mixes letters and digits at length is taken for a credential.
    """
    if sent is None or sent == own or not _VALUE.fullmatch(sent) or not sent.strip():
        return own
    parts = _BETWEEN.split(sent)
    return sent if all(_CONNECTION.fullmatch(part) or is_plain_id(part) for part in parts) else own
