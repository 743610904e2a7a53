"""Source hosting and code tools."""

from __future__ import annotations

from functools import partial

from governance.engine.detection.detector import Detector

_of = partial(Detector, kind="source")

# fmt: off
DETECTORS = (
    _of(id="github-token", shapes=("ghp_{w:36}", "gho_{w:36}", "ghu_{w:36}", "ghs_{w:36}", "ghr_{w:36}"),
        check="crc32_base62", passes=("ghp_" + "x" * 36, "ghp_{w:12}")),
    _of(id="github-token-long", shapes=("ghr_{w:70-80}", "ghs_{w:1-12}_eyJ{t:80+}")),
    _of(id="github-fine-grained", shapes=("github_pat_{w:22}_{w:59}", "github_pat_{v:80-90}")),
    _of(id="github-oauth-secret", shapes=("{h:40}",), words=("github",), bounded=True, floor=3.0,
        passes=("github_sha <commit>",)),
    _of(id="gitlab-token", shapes=("glpat-{t:20-64}", "gldt-{s:20-64}", "glrt-{t:20-64}", "glrtr-{t:20-64}",
        "glcbt-{t:20-70}", "glptt-{h:40}", "glft-{s:20-64}", "glfs-{s:20-64}", "glimt-{s:25-64}", "glagent-{s:50-64}",
        "gloas-{h:64}", "glsoat-{s:20-64}", "glffct-{s:20-64}", "glwt-{s:20-64}"), floor=2.8,
        passes=("glpat-abc", "glptt-" + "x" * 40)),
    _of(id="gitlab-runner-registration", shapes=("GR1348941{s:20-22}",)),
    _of(id="gitlab-session", shapes=("_gitlab_session={h:32}",)),
    _of(id="bitbucket-token", shapes=("ATBB{w:32}", "ATBB{w:20-31}", "BBDC-{b:40-48}"), bounded=True),
    _of(id="bitbucket-repo-token", shapes=("ATCTT3xFfG{e:100+}",)),
    _of(id="atlassian-token", shapes=("ATATT3xFfG{e:100-250}", "ATATT3{e:60-250}", "ATSTT3{e:60+}")),
    _of(id="atlassian-named", shapes=("{w:24}", "{b:44}"), words=("atlassian", "jira", "confluence"), bounded=True,
        floor=3.6),
    _of(id="bitbucket-named", shapes=("{s:32}", "{s:64}", "{b:44}"), words=("bitbucket",), bounded=True, floor=3.6),
    _of(id="gitea-token", shapes=("{h:40}",), words=("gitea", "forgejo", "codeberg"), bounded=True, floor=3.0),
    _of(id="gogs-token", shapes=("{h:40}",), words=("gogs_token", "gogs_access"), bounded=True, floor=3.0),
    _of(id="sourcegraph-token", shapes=("sgp_{h:40}", "sgp_{h:16}_{h:40}", "sgp_local_{h:40}", "slk_{h:64}",
        "sgs_{h:64}")),
    _of(id="sonarqube-token", shapes=("squ_{h:40}", "sqp_{h:40}", "sqa_{h:40}")),
    _of(id="sonarcloud-named", shapes=("{h:40}",), words=("sonar",), bounded=True, floor=3.0),
    _of(id="snyk-token", shapes=("snyk_uat.{h:8}.{e:60+}", "snyk_sat.{h:8}.{e:60+}")),
    _of(id="snyk-named", shapes=("{h:8}-{h:4}-{h:4}-{h:4}-{h:12}",), words=("snyk",), bounded=True),
    _of(id="semgrep-token", shapes=("{h:64}",), words=("semgrep",), bounded=True),
    _of(id="codecov-token", shapes=("{h:8}-{h:4}-{h:4}-{h:4}-{h:12}", "{h:32}"), words=("codecov",), bounded=True),
    _of(id="codacy-token", shapes=("{h:32}", "{w:20}"), words=("codacy",), bounded=True, floor=3.0),
    _of(id="aikido-secret", shapes=("AIK_SECRET_{w:30+}", "AIK_CI_{w:30+}")),
    _of(id="gitguardian-token", shapes=("{h:40}{w:30}",), words=("gitguardian",), floor=3.0),
    _of(id="linear-key", shapes=("lin_api_{w:40}", "lin_oauth_{w:40-64}", "lin_wh_{w:30+}")),
    _of(id="asana-token", shapes=("{d:1}/{d:15-17}:{h:32}", "{d:1}/{d:15-17}/{d:15-17}:{h:32}"), floor=2.6),
    _of(id="shortcut-token", shapes=("{h:8}-{h:4}-{h:4}-{h:4}-{h:12}",), words=("shortcut_api", "clubhouse"),
        bounded=True),
    _of(id="clickup-token", shapes=("pk_{d:6-9}_{A:32}",)),
    _of(id="notion-token", shapes=("ntn_{w:40-50}", "secret_{w:43}"), bounded=True, floor=3.4),
    _of(id="airtable-token", shapes=("pat{w:14}.{h:64}",)),
    _of(id="airtable-key", shapes=("key{w:14}",), words=("airtable",), bounded=True),
    _of(id="figma-token", shapes=("figd_{s:38-44}", "figoh_{s:38+}", "figor_{s:38+}", "figo_{s:38+}", "figdr_{s:38+}")),
    _of(id="postman-key", shapes=("PMAK-{h:24}-{h:34}", "PMAT-{A:26}", "PMAK-{w:24}-{w:34}")),
    _of(id="readme-key", shapes=("rdme_{a:70}",)),
    _of(id="wakatime-key", shapes=("waka_{h:8}-{h:4}-{h:4}-{h:4}-{h:12}", "waka_tok_{w:40+}")),
    _of(id="monday-token", shapes=("eyJhbGciOiJIUzI1NiJ9.eyJ0aWQiOj{t:60+}",)),
    _of(id="trello-token", shapes=("ATTA{h:64}", "ATTA{h:60-76}")),
    _of(id="trello-named", shapes=("{h:32}", "{h:64}"), words=("trello",), bounded=True),
    _of(id="contentful-token", shapes=("CFPAT-{s:43}",)),
    _of(id="sanity-token", shapes=("sk{w:78}", "sk{w:178}"), words=("sanity",)),
    _of(id="stackhawk-key", shapes=("hawk.{s:20}.{s:20}",)),
    _of(id="canva-secret", shapes=("cnvca{s:43}",)),
    _of(id="wundergraph-key", shapes=("cosmo_{h:32}",)),
    _of(id="apollo-key", shapes=("user:{s:2-30}:{s:22}", "service:{s:2-60}:{s:22}"), floor=3.2),
)
# fmt: on
