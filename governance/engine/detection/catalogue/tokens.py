"""Tokens and connection strings that no single vendor owns."""

from __future__ import annotations

from functools import partial

from governance.engine.detection.detector import MEDIUM, Detector

_of = partial(Detector, kind="token")

# fmt: off
DETECTORS = (
    _of(id="jwt", shapes=("eyJ{s:14+}.eyJ{s:14+}.{s:20+}", "eyJ{s:10+}.eyJ{s:10+}.{s:10+}",
        "eyJ{s:16+}.eyJ{s:16+}"), check="jwt", floor=3.0,
        passes=("eyJ.eyJ.sig",)),
    _of(id="jwe", shapes=("eyJ{s:30+}.{s:20+}.{s:10+}.{s:20+}.{s:16+}", "eyJ{s:30+}..{s:10+}.{s:20+}.{s:16+}"),
        floor=3.4),
    _of(id="paseto", shapes=("v2.local.{s:60+}", "v4.local.{s:60+}", "v2.public.{s:80+}", "v4.public.{s:80+}",
        "v3.local.{s:60+}", "v1.local.{s:60+}")),
    _of(id="branca-named", shapes=("{w:60-200}",), words=("branca",), floor=3.8),
    _of(id="macaroon", shapes=("MDAx{s:80+}",), floor=3.4),
    _of(id="flask-session", shapes=(".eJ{s:40+}.{s:6}.{s:27}", "session=eyJ{s:20+}.{s:6}.{s:27}")),
    _of(id="laravel-app-key", shapes=("APP_KEY=base64:{b:43}=", "base64:{b:43}="), bounded=True, floor=3.8),
    _of(id="django-secret-key", shapes=("django-insecure-{p:50}",), floor=3.4),
    _of(id="rails-master-key", shapes=("{h:32}",), words=("rails_master_key", "master.key", "secret_key_base"),
        bounded=True),
    _of(id="otp-uri", shapes=("otpauth://totp/{p:1-80}secret={2:16-64}", "otpauth://hotp/{p:1-80}secret={2:16-64}"),
        floor=2.4),
    _of(id="magic-cookie", shapes=("MIT-MAGIC-COOKIE-1  {h:32}", "MIT-MAGIC-COOKIE-1 {h:32}")),
    _of(id="kerberos-ccache-named", shapes=("{b:100+}",), words=("krb5cc", "kirbi"), floor=4.0),
    _of(id="unix-crypt-hash", shapes=("$6${b:1-16}${t:86}", "$6${t:4-16}${e:80-90}", "$y$j9T${t:10-40}${t:43}"),
        confidence=MEDIUM, floor=3.4),
    _of(id="dockerconfigjson", shapes=("eyJhdXRocyI6{e:40+}", "ewogICJhdXRocyI{e:40+}")),
)
# fmt: on
