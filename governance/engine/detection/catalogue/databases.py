"""Databases and data platforms."""

from __future__ import annotations

from functools import partial

from governance.engine.detection.detector import Detector

_of = partial(Detector, kind="database")

# fmt: off
DETECTORS = (
    _of(id="planetscale-token", shapes=("pscale_tkn_{t:32-64}", "pscale_pw_{t:32-64}", "pscale_oauth_{t:32-64}",
        "pscale_api_{t:32-64}")),
    _of(id="neon-key", shapes=("napi_{a:64}", "npg_{w:12-20}"), bounded=True),
    _of(id="databricks-token", shapes=("dapi{h:32}", "dapi{h:32}-{d:1}", "dkea{h:32}", "dsapi{h:32}", "dose{h:32}"),
        bounded=True),
    _of(id="snowflake-pat", shapes=("{w:100+}",), words=("snowflake_pat", "snowflake_token"), floor=3.8),
    _of(id="clickhouse-key", shapes=("4b1d{w:38}",), bounded=True, floor=3.2),
    _of(id="influxdb-token", shapes=("{s:86}==",), bounded=True, floor=4.4),
    _of(id="elastic-key", shapes=("essu_{b:50+}", "essa_{b:50+}")),
    _of(id="elastic-named", shapes=("{b:58}==", "{b:60}", "{w:24}"), words=("elastic_api", "elasticsearch_api",
        "elastic_cloud", "elastic_password"), bounded=True, floor=3.4),
    _of(id="algolia-key", shapes=("{h:32}",), words=("algolia",), bounded=True),
    _of(id="meilisearch-key", shapes=("{h:64}", "{s:43}"), words=("meili",), bounded=True),
    _of(id="typesense-key", shapes=("{w:32}",), words=("typesense",), bounded=True, floor=3.4),
    _of(id="mongodb-atlas-key", shapes=("{h:8}-{h:4}-{h:4}-{h:4}-{h:12}",), bounded=True,
        words=("atlas_private", "mongodb_atlas", "mongodbatlas", "atlas_api")),
    _of(id="mongodb-atlas-service", shapes=("mdb_sa_sk_{s:40}",)),
    _of(id="datastax-token", shapes=("AstraCS:{w:24}:{h:64}",)),
    _of(id="cockroach-key", shapes=("CCDB1_{w:22}_{w:40}",)),
    _of(id="upstash-token", shapes=("{w:50-60}=",), words=("upstash",), floor=3.8),
    _of(id="fauna-key", shapes=("fnA{s:37-52}",), bounded=True),
    _of(id="xata-key", shapes=("xau_{w:30-50}",)),
    _of(id="turso-token", shapes=("eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9.{t:60+}",)),
    _of(id="convex-key", shapes=("prod:{s:8-40}|{b:40+}", "dev:{s:8-40}|{b:40+}"), floor=3.4),
    _of(id="confluent-secret", shapes=("cflt{b:60}",)),
    _of(id="confluent-named", shapes=("{b:64}",), words=("confluent", "ccloud"), bounded=True, floor=4.0),
    _of(id="aiven-token", shapes=("AVNS_{s:19}",)),
    _of(id="redis-cloud-key", shapes=("{a:50}",), words=("redis_cloud", "rediscloud"), bounded=True, floor=3.6),
    _of(id="dbt-token", shapes=("dbtc_{s:40+}", "dbtu_{s:36+}")),
    _of(id="prefect-key", shapes=("pnu_{w:36}", "pnb_{w:36}")),
    _of(id="airbyte-named", shapes=("{w:32}",), words=("airbyte_client_secret", "airbyte_api"), bounded=True,
        floor=3.4),
    _of(id="fivetran-named", shapes=("{w:32}",), words=("fivetran",), bounded=True, floor=3.4),
    _of(id="looker-secret", shapes=("{w:24}",), words=("looker",), bounded=True, floor=3.4),
    _of(id="tableau-pat", shapes=("{b:22}==:{w:32}",), floor=3.4),
    _of(id="metabase-key", shapes=("mb_{b:44}",), floor=3.6),
    _of(id="retool-key", shapes=("retool_{w:20+}",)),
    _of(id="mapbox-secret", shapes=("sk.eyJ1Ijoi{t:60+}", "tk.eyJ1Ijoi{t:60+}")),
    _of(id="databento-key", shapes=("db-{w:29}",), bounded=True, floor=3.2),
)
# fmt: on
