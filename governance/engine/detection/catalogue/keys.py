"""Private keys, in the armour that they are stored in."""

from __future__ import annotations

from functools import partial

from governance.engine.detection.detector import Detector

_of = partial(Detector, kind="private_key")

# fmt: off
DETECTORS = (
    _of(id="pem-private-key", check="armour", strict=True, shapes=tuple(f"-----BEGIN {name}PRIVATE KEY" for name in
        ("", "RSA ", "EC ", "DSA ", "ENCRYPTED ", "ANY ")), floor=0.0,
        passes=("-----BEGIN PUBLIC KEY-----\n{b:64}", "-----BEGIN CERTIFICATE-----\n{b:64}")),
    _of(id="openssh-private-key", shapes=("-----BEGIN OPENSSH PRIVATE KEY",), check="armour", strict=True, floor=0.0),
    _of(id="openssh-private-key-body", shapes=("b3BlbnNzaC1rZXktdjE{b:40+}",)),
    _of(id="ssh2-private-key", check="armour", strict=True, shapes=("---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----",
        "---- BEGIN SSH2 PRIVATE KEY ----"), floor=0.0),
    _of(id="pgp-private-key", check="armour", strict=True, shapes=("-----BEGIN PGP PRIVATE KEY BLOCK",
        "-----BEGIN PGP SECRET KEY BLOCK"), floor=0.0),
    _of(id="putty-private-key", shapes=("PuTTY-User-Key-File-2: ssh-", "PuTTY-User-Key-File-3: ssh-",
        "PuTTY-User-Key-File-2: ecdsa-", "PuTTY-User-Key-File-3: ecdsa-"), floor=0.0),
    _of(id="age-secret-key", shapes=("AGE-SECRET-KEY-1{A:58}", "AGE-PLUGIN-{A:2-20}-1{A:20+}")),
    _of(id="minisign-key", shapes=("RWRTY0Iy{b:100+}", "minisign encrypted secret key", "rsign encrypted secret key"),
        floor=0.0),
    _of(id="pkcs12-named", shapes=("MII{b:1}{b:300+}",), words=("pfx", "pkcs12", "p12", "keystore"), floor=3.6),
    _of(id="rsa-der-base64", shapes=("MIIEvQIBADANBgkqhkiG9w0BAQEFAASC{b:60+}",
        "MIIEvAIBADANBgkqhkiG9w0BAQEFAASC{b:60+}",
        "MIIEvgIBADANBgkqhkiG9w0BAQEFAASC{b:60+}", "MIIEowIBAAKCAQEA{b:60+}", "MIIEpAIBAAKCAQEA{b:60+}",
        "MIIEpQIBAAKCAQEA{b:60+}", "MIIEogIBAAKCAQEA{b:60+}", "MIIJKAIBAAKCAgEA{b:60+}", "MIIJKQIBAAKCAgEA{b:60+}",
        "MIICXAIBAAKBgQ{b:60+}", "MIICXQIBAAKBgQ{b:60+}", "MIICWwIBAAKBgQ{b:60+}", "MIICXgIBAAKBgQ{b:60+}",
        "MIIJQgIBADANBgkqhkiG9w0BAQEFAASC{b:60+}", "MIIJQwIBADANBgkqhkiG9w0BAQEFAASC{b:60+}",
        "MIICdgIBADANBgkqhkiG9w0BAQEFAASC{b:60+}", "MIICdwIBADANBgkqhkiG9w0BAQEFAASC{b:60+}")),
    _of(id="ec-der-base64", shapes=("MHcCAQEEI{b:60+}", "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0w{b:60+}",
        "MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGb{b:60+}", "MC4CAQAwBQYDK2VwBCIEI{b:40-46}",
        "MC4CAQAwBQYDK2VuBCIEI{b:40-46}", "MIGkAgEBBD{b:60+}")),
    _of(id="wireguard-key", shapes=("PrivateKey = {b:43}=", "PrivateKey={b:43}=", "PresharedKey = {b:43}=",
        "PresharedKey={b:43}="), floor=3.8),
    _of(id="jwk-private", shapes=("\"d\":\"{s:40+}", "\"d\": \"{s:40+}"), floor=3.8),
    _of(id="jwk-symmetric", shapes=("\"k\":\"{s:20+}", "\"k\": \"{s:20+}"), floor=3.4),
    _of(id="tor-hidden-service-key", shapes=("ED25519-V3:{b:86}==", "== ed25519v1-secret: {w:3-8} =="), floor=0.0),
    _of(id="nostr-private-key", shapes=("nsec1{k:58}",), bounded=True),
    _of(id="stellar-seed", shapes=("S{2:55}",), words=("stellar", "soroban", "secret_seed", "secret seed"),
        bounded=True,
        floor=3.4),
    _of(id="xml-rsa-key", shapes=("<RSAKeyValue><Modulus>{e:60+}</Modulus><Exponent>{e:4}</Exponent><P>{e:20+}",)),
    _of(id="docker-swarm-token", shapes=("SWMTKN-1-{a:50}-{a:25}", "SWMKEY-1-{b:43}")),
)
# fmt: on
