"""Continuous integration and deployment."""

from __future__ import annotations

from functools import partial

from governance.engine.detection.detector import Detector

_of = partial(Detector, kind="ci")

# fmt: off
DETECTORS = (
    _of(id="circleci-token", shapes=("CCIPAT_{w:20-24}_{h:40}", "CCIPRJ_{w:20-24}_{h:40}", "CCIRRT_{v:40+}")),
    _of(id="circleci-named", shapes=("{h:40}",), words=("circle_token", "circleci", "circle-token"), bounded=True,
        floor=3.0),
    _of(id="travis-named", shapes=("{w:22}",), words=("travis",), bounded=True, floor=3.4),
    _of(id="buildkite-token", shapes=("bkua_{h:40}", "bkct_{v:30+}", "bkpt_{v:30+}", "bkaj_{t:60+}")),
    _of(id="buildkite-named", shapes=("{h:40}",), words=("buildkite",), bounded=True, floor=3.0),
    _of(id="drone-token", shapes=("{w:32}",), words=("drone",), bounded=True, floor=3.4),
    _of(id="jenkins-token", shapes=("11{h:32}",), bounded=True, floor=2.9, words=("jenkins", "api_token", "apitoken")),
    _of(id="harness-key", shapes=("pat.{s:22}.{h:24}.{w:20}", "sat.{s:22}.{h:24}.{w:20}")),
    _of(id="octopus-key", shapes=("API-{A:26-32}",), bounded=True),
    _of(id="teamcity-token", shapes=("eyJ0eXAiOiAiVENWMiJ9.{s:36}.{s:40-60}",)),
    _of(id="argocd-named", shapes=("{w:16}",), words=("argocd_password", "argocd_auth"), bounded=True, floor=3.0),
    _of(id="ansible-vault", shapes=("$ANSIBLE_VAULT;1.{d:1};AES256",), floor=0.0, confidence="medium"),
    _of(id="launchdarkly-key", shapes=("sdk-{h:8}-{h:4}-{h:4}-{h:4}-{h:12}", "api-{h:8}-{h:4}-{h:4}-{h:4}-{h:12}",
        "mob-{h:8}-{h:4}-{h:4}-{h:4}-{h:12}"), bounded=True),
    _of(id="split-key", shapes=("{a:50}",), words=("split_api", "splitio"), bounded=True, floor=3.4),
    _of(id="configcat-key", shapes=("configcat-sdk-1/{s:22}/{s:22}", "configcat-proxy/{s:20+}")),
    _of(id="devcycle-key", shapes=("dvc_server_{v:30+}", "dvc_mobile_{v:30+}", "dvc_client_{v:30+}")),
    _of(id="flagsmith-key", shapes=("ser.{w:22}",), bounded=True, floor=3.2),
    _of(id="unleash-token", shapes=("default:development.{h:56-64}", "default:production.{h:56-64}",
        "*:*.{h:56-64}", "*:development.{h:56-64}", "*:production.{h:56-64}")),
    _of(id="browserstack-key", shapes=("{w:20}",), words=("browserstack",), bounded=True, floor=3.2),
    _of(id="saucelabs-key", shapes=("{h:8}-{h:4}-{h:4}-{h:4}-{h:12}",), words=("sauce_access", "saucelabs",
        "sauce_labs"),
        bounded=True),
    _of(id="cypress-key", shapes=("{h:8}-{h:4}-{h:4}-{h:4}-{h:12}",), words=("cypress_record", "cypress_api"),
        bounded=True),
    _of(id="percy-token", shapes=("web_{h:64}", "app_{h:64}", "auto_{h:64}"), bounded=True),
    _of(id="chromatic-token", shapes=("chpt_{h:12-20}",)),
    _of(id="appcenter-token", shapes=("{h:40}",), words=("appcenter",), bounded=True, floor=3.0),
    _of(id="expo-token", shapes=("{s:40}",), words=("expo_token",), bounded=True, floor=3.6),
    _of(id="bitrise-token", shapes=("{s:86}",), words=("bitrise",), floor=3.8),
    _of(id="nx-cloud-token", shapes=("{e:50-120}",), words=("nx_cloud",), floor=3.6),
    _of(id="mergify-key", shapes=("mka_{s:40+}",)),
    _of(id="depot-token", shapes=("depot_org_{h:64}", "depot_project_{h:64}", "depot_user_{h:64}")),
)
# fmt: on
