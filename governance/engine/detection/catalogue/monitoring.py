"""Monitoring, logging, incidents and analytics."""

from __future__ import annotations

from functools import partial

from governance.engine.detection.detector import Detector

_of = partial(Detector, kind="monitoring")

# fmt: off
DETECTORS = (
    _of(id="datadog-key", shapes=("{h:40}", "{h:32}"), words=("datadog", "dd_api", "dd_app", "dd-api-key",
        "dd-application-key", "ddapi"), bounded=True, passes=("datadog_site = 'datadoghq.eu'",)),
    _of(id="datadog-app-token", shapes=("ddapp_{w:34}", "ddpat_{w:30+}", "pub{h:32}"), bounded=True),
    _of(id="newrelic-key", shapes=("NRAK-{A:27}", "NRII-{s:26-40}", "NRBR-{h:19}", "NRIQ-{s:32}", "NRJS-{h:19}",
        "NRRA-{h:42}",
        "NRAL-{s:30+}", "NRIK-{s:30+}", "NRSP-{s:30+}", "NRAA-{s:27+}")),
    _of(id="newrelic-license", shapes=("{h:36}NRAL", "eu01xx{h:30}NRAL", "{w:36}FFFFNRAL")),
    _of(id="newrelic-insert-key", shapes=("{h:40}",), words=("new_relic", "newrelic"), bounded=True, floor=3.0),
    _of(id="sentry-token", shapes=("sntrys_eyJ{e:60+}", "sntryu_{h:64}", "sntrya_{w:40+}", "sntryi_{w:40+}")),
    _of(id="sentry-dsn-secret", shapes=("https://{h:32}:{h:32}@{t:4-60}/{d:1-10}",), floor=2.6),
    _of(id="sentry-named", shapes=("{h:64}",), words=("sentry",), bounded=True),
    _of(id="grafana-token", shapes=("glsa_{w:32}_{h:8}", "glsa_{w:32}_{x:8}", "glc_eyJ{e:40+}", "glc_{e:60+}")),
    _of(id="grafana-api-key", shapes=("eyJrIjoi{e:60-400}",)),
    _of(id="dynatrace-token", shapes=("dt0c01.{A:24}.{A:64}", "dt0s01.{A:8}.{A:64}", "dt0s02.{A:8}.{A:64}",
        "dt0s16.{A:8}.{A:64}", "dt0e01.{A:24}.{A:64}")),
    _of(id="honeycomb-key", shapes=("hcaik_{a:58}", "hcbik_{a:58}", "hcamk_{a:40+}", "hcxik_{a:58}")),
    _of(id="honeycomb-named", shapes=("{h:32}", "{w:22}"), words=("honeycomb",), bounded=True, floor=3.0),
    _of(id="splunk-hec", shapes=("{h:8}-{h:4}-{h:4}-{h:4}-{h:12}",), words=("splunk_hec", "hec_token",
        "authorization: splunk",
        "splunk_token"), bounded=True),
    _of(id="splunk-observability", shapes=("{s:22}",), words=("signalfx", "x-sf-token", "splunk_access"), bounded=True,
        floor=3.4),
    _of(id="sumologic-key", shapes=("su{w:12}",), words=("sumo", "sumologic"), bounded=True, floor=3.0),
    _of(id="sumologic-access-key", shapes=("{w:64}",), words=("sumo", "sumologic"), bounded=True, floor=3.8),
    _of(id="sumologic-collector", shapes=("collectors.sumologic.com/receiver/v1/http/{e:60+}",)),
    _of(id="logzio-token", shapes=("{L:32}",), words=("logz",), bounded=True, floor=3.4),
    _of(id="loggly-token", shapes=("{h:8}-{h:4}-{h:4}-{h:4}-{h:12}",), words=("loggly",), bounded=True),
    _of(id="papertrail-token", shapes=("{w:20}",), words=("papertrail",), bounded=True, floor=3.2),
    _of(id="logdna-key", shapes=("{h:32}",), words=("logdna", "mezmo"), bounded=True),
    _of(id="betterstack-token", shapes=("{w:24}",), words=("logtail", "betterstack", "betteruptime"), bounded=True,
        floor=3.4),
    _of(id="axiom-token", shapes=("xaat-{h:8}-{h:4}-{h:4}-{h:4}-{h:12}", "xapt-{h:8}-{h:4}-{h:4}-{h:4}-{h:12}")),
    _of(id="rollbar-token", shapes=("{h:32}",), words=("rollbar",), bounded=True),
    _of(id="bugsnag-key", shapes=("{h:32}",), words=("bugsnag",), bounded=True),
    _of(id="airbrake-key", shapes=("{h:32}",), words=("airbrake",), bounded=True),
    _of(id="pagerduty-key", shapes=("u+{w:18}", "y_{s:18}", "{s:20}", "{h:32}"), words=("pagerduty", "pager_duty",
        "pdtoken", "token token="), bounded=True, floor=3.2),
    _of(id="opsgenie-key", shapes=("{h:8}-{h:4}-{h:4}-{h:4}-{h:12}",), words=("opsgenie", "geniekey"), bounded=True),
    _of(id="rootly-key", shapes=("rootly_{h:64}",)),
    _of(id="incidentio-key", shapes=("inc_{h:64}",)),
    _of(id="statuspage-key", shapes=("{h:8}-{h:4}-{h:4}-{h:4}-{h:12}",), words=("statuspage",), bounded=True),
    _of(id="uptimerobot-key", shapes=("u{d:6-9}-{h:24}", "m{d:9}-{h:24}"), bounded=True),
    _of(id="healthchecks-named", shapes=("{s:32}",), words=("healthchecks", "hc_api"), bounded=True, floor=3.6),
    _of(id="posthog-key", shapes=("phx_{w:40-60}", "phs_{w:40-60}", "phr_{w:40-60}", "pha_{w:40-70}", "phc_{w:40-60}")),
    _of(id="segment-token", shapes=("sgp_{w:64}",)),
    _of(id="segment-write-key", shapes=("{w:32}",), words=("segment_write", "segment_key", "segment_api"), bounded=True,
        floor=3.4),
    _of(id="amplitude-secret", shapes=("{h:32}",), words=("amplitude",), bounded=True),
    _of(id="mixpanel-secret", shapes=("{h:32}",), words=("mixpanel",), bounded=True),
    _of(id="appsflyer-named", shapes=("{w:22}",), words=("appsflyer",), bounded=True, floor=3.4),
    _of(id="fullstory-key", shapes=("na1.{b:60+}", "eu1.{b:60+}"), floor=3.6),
    _of(id="tinybird-token", shapes=("p.eyJ1Ijogi{t:60+}", "p.eyJ1{t:60+}")),
    _of(id="chronosphere-named", shapes=("{h:64}",), words=("chronosphere",), bounded=True),
    _of(id="lightstep-token", shapes=("{b:88}",), words=("lightstep",), floor=3.8),
    _of(id="scout-apm", shapes=("{w:20}",), words=("scout_key",), bounded=True, floor=3.2),
    _of(id="appsignal-key", shapes=("{h:8}-{h:4}-{h:4}-{h:4}-{h:12}",), words=("appsignal",), bounded=True),
    _of(id="instana-key", shapes=("{w:22}",), words=("instana",), bounded=True, floor=3.4),
    _of(id="checkly-key", shapes=("cu_{h:32}", "ac_{h:32}"), bounded=True),
)
# fmt: on
