"""Package registries and container registries."""

from __future__ import annotations

from functools import partial

from governance.engine.detection.detector import Detector

_of = partial(Detector, kind="registry")

# fmt: off
DETECTORS = (
    _of(id="npm-token", shapes=("npm_{w:36}",), check="crc32_base62", passes=("npm_config_registry", "npm_{l:8}")),
    _of(id="npm-auth", shapes=("_authToken={e:20-120}", "_auth={b:20-120}", "_authToken=\"{e:20-120}"), floor=3.0,
        passes=("_authToken=${{NPM_TOKEN}}", "//registry/:_authToken=$NPM_TOKEN_FOR_PUBLISH")),
    _of(id="pypi-token", shapes=("pypi-AgEIcHlwaS5vcmc{s:50+}", "pypi-AgENdGVzdC5weXBpLm9yZw{s:50+}",
        "pypi-AgE{s:50+}")),
    _of(id="rubygems-key", shapes=("rubygems_{h:48}",)),
    _of(id="nuget-key", shapes=("oy2{a:43}",), bounded=True),
    _of(id="crates-token", shapes=("cio{w:32}",), bounded=True),
    _of(id="clojars-token", shapes=("CLOJARS_{h:60}",)),
    _of(id="hex-pm-key", shapes=("{h:32}",), words=("hex_api_key", "hexpm"), bounded=True),
    _of(id="packagist-token", shapes=("packagist_uut_{h:68}", "packagist_ort_{h:68}", "packagist_out_{h:68}",
        "packagist_ack_{h:68}", "packagist_acs_{h:68}")),
    _of(id="docker-pat", shapes=("dckr_pat_{s:27}", "dckr_oat_{s:32}", "dckr_pat_{s:20-40}")),
    _of(id="docker-auth", shapes=("\"auth\": \"{b:16-200}", "\"auth\":\"{b:16-200}"), floor=3.0),
    _of(id="quay-robot", shapes=("{A:64}",), words=("quay",), bounded=True, floor=3.6),
    _of(id="artifactory-key", shapes=("AKCp{w:60-90}", "cmVmdGtu{w:56}", "AP6{w:60-70}", "APA{w:60-70}"), bounded=True,
        passes=("testAP6withinsomeirrelevantstring",)),
    _of(id="artifactory-named", shapes=("{w:73}", "{w:64}"), words=("artifactory", "jfrog"), bounded=True, floor=3.8),
    _of(id="nexus-named", shapes=("{h:8}-{h:4}-{h:4}-{h:4}-{h:12}",), words=("nexus_token", "nexus_pass"),
        bounded=True),
    _of(id="cloudsmith-key", shapes=("{h:40}",), words=("cloudsmith",), bounded=True, floor=3.0),
    _of(id="gemfury-token", shapes=("{w:1}{w:20-40}@pypi.fury.io",)),
    _of(id="anaconda-token", shapes=("conda.anaconda.org/t/{w:2}-{h:8}-{h:4}-{h:4}-{h:4}-{h:12}",)),
    _of(id="thunderstore-token", shapes=("tss_{w:36}",)),
    _of(id="jsr-token", shapes=("jsrp_{w:30+}", "jsrd_{w:30+}")),
    _of(id="deno-token", shapes=("ddp_{w:36}", "ddo_{w:36}", "ddw_{w:36}")),
    _of(id="vsce-token", shapes=("{a:52}",), words=("vsce_pat", "ovsx_pat"), bounded=True, floor=3.2),
    _of(id="pub-dev-secret", shapes=("{w:40}",), words=("pub_token",), bounded=True, floor=3.6),
)
# fmt: on
