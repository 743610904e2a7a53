"""Destroying what runs elsewhere: clouds, clusters, containers, repositories, databases as a whole."""

from __future__ import annotations

import re
from collections.abc import Iterator

from governance.engine.normalise.shell.command import Program

_DRY = frozenset(
    {
        "--dry-run",
        "--dryrun",
        "--help",
        "--dry-run=client",
        "--dry-run=server",
        "-dry-run",
        "help",
        "--noop",
        "--check",
        "--preview",
        "--generate-cli-skeleton",
        "--no-execute-changeset",
    }
)


def _dry(command: Program) -> bool:
    return any(word in _DRY for word in command.words) or command.words[-1:] == ["-h"]


def terraform(command: Program) -> Iterator[str]:
    """terraform, tofu, terragrunt, pulumi, cdk, serverless and their like."""
    words = command.words
    if _dry(command):
        return
    operands = [word for word in words if not word.startswith("-")]
    if "destroy" in operands[:3] or {"-destroy", "--destroy"} & set(words) and "plan" not in operands[:2]:
        if operands[:2] != ["plan"]:
            yield "terraform-destroy"
    elif (
        command.name in {"terraform", "tofu", "terragrunt"}
        and (operands[:2] in (["state", "rm"], ["workspace", "delete"]) or operands[:1] == ["force-unlock"])
        or command.name
        in {
            "serverless",
            "sls",
            "sst",
            "copilot",
            "amplify",
            "sam",
            "eb",
            "cdktf",
            "pulumi",
            "wrangler",
        }
        and (set(operands[:2]) & {"remove", "delete", "terminate", "nuke"} or operands[:2] == ["stack", "rm"])
    ):
        yield "terraform-destroy"


_KUBE_SCOPES = frozenset(
    "ns namespace namespaces node nodes no pv persistentvolume persistentvolumes pvc persistentvolumeclaim "
    "persistentvolumeclaims crd crds customresourcedefinition customresourcedefinitions clusterrole clusterroles "
    "clusterrolebinding "
    "clusterrolebindings storageclass sc all statefulset statefulsets sts deployment deployments deploy "
    "daemonset daemonsets ds service services svc secret secrets ingress ingresses ing".split()
)


def kubernetes(command: Program) -> Iterator[str]:
    """kubectl, oc, helm, eksctl, kops, argocd, flux, istioctl."""
    words = command.words
    operands = [word for word in words if not word.startswith("-")]
    if _dry(command):
        return
    if command.name in {"kubectl", "oc", "k", "k3s", "microk8s", "kubectl-delete"}:
        if "delete" in operands[:6]:
            rest = operands[operands.index("delete") + 1 :]
            kinds = {part.partition("/")[0].partition(".")[0] for word in rest[:1] for part in word.split(",")}
            kinds |= {word.partition("/")[0] for word in rest if "/" in word and not word.startswith((".", "/"))}
            if kinds & _KUBE_SCOPES or {"--all", "--all=true", "-A", "--all-namespaces"} & set(words):
                yield "kubernetes-delete"
        elif (
            "scale" in operands[:5]
            and "--all" in words
            and any(word.endswith("replicas=0") for word in words)
            or "drain" in operands[:4]
            and {"--force", "--delete-emptydir-data", "--delete-local-data"} <= set(words)
            or operands[:2] == ["replace", "--force"]
        ):
            yield "kubernetes-delete"
    elif command.name == "helm":
        if {"uninstall", "delete", "del", "un"} & set(operands[:4]):
            yield "helm-uninstall"
    elif command.name in {
        "eksctl",
        "kops",
        "argocd",
        "flux",
        "istioctl",
        "rancher",
        "kubeadm",
        "gitlab-runner",
        "linkerd",
        "velero",
        "etcdctl",
        "consul",
        "vault",
        "nomad",
    }:
        if (
            command.name == "etcdctl"
            and "del" in operands
            and ({"--prefix", "--from-key"} & set(words))
            or command.name in {"eksctl", "kops", "argocd", "velero", "rancher"}
            and "delete" in operands[:4]
            or command.name in {"flux", "istioctl", "linkerd"}
            and "uninstall" in operands[:2]
            or command.name == "kubeadm"
            and operands[:1] == ["reset"]
            or command.name == "consul"
            and operands[:2] == ["kv", "delete"]
            and {"-recurse", "--recurse"} & set(words)
            or command.name == "vault"
            and (
                operands[:2] in (["secrets", "disable"], ["auth", "disable"], ["audit", "disable"])
                or operands[:3] == ["kv", "metadata", "delete"]
                or operands[:2] == ["kv", "destroy"]
            )
            or command.name == "nomad"
            and (operands[:2] == ["system", "gc"] or ("-purge" in words and "stop" in operands))
        ):
            yield "kubernetes-delete"


_AWS_SPARED = frozenset(
    "delete-message delete-message-batch delete-tags delete-log-stream delete-object-tagging "
    "delete-comment-content delete-metric-filter delete-item delete-object delete-dashboards "
    "delete-annotation delete-qualifier".split()
)


def cloud(command: Program) -> Iterator[str]:
    """aws, gcloud, gsutil, az, doctl, heroku, fly, gh and their like."""
    words = command.words
    operands = [word for word in words if not word.startswith("-")]
    name = command.name
    if _dry(command):
        return
    if name == "aws":
        service, action = _aws_call(words)
        if service == "s3" and (
            action == "rb"
            or (action == "rm" and "--recursive" in words)
            or (
                action == "sync"
                and "--delete" in words
                and operands[-1:]
                and operands[-1].startswith("s3://")
                and operands[-1].count("/") <= 3
            )
        ):
            yield "cloud-delete"
        elif action.startswith(
            (
                "delete-",
                "terminate-",
                "schedule-key-deletion",
                "stop-logging",
                "disable-key",
                "deregister-",
                "purge-queue",
                "remove-",
                "leave-organization",
                "close-account",
                "disable-security-hub",
                "disassociate-",
                "detach-",
                "release-",
            )
        ):
            if action not in _AWS_SPARED and not action.startswith(
                ("deregister-targets", "detach-volume", "remove-tags", "deregister-task")
            ):
                yield "cloud-delete"
    elif name == "gcloud":
        if (
            "delete" in operands
            or "disable" in operands[:3]
            or operands[:3] == ["storage", "rm"]
            or operands[:2] == ["storage", "rm"]
            or "remove-iam-policy-binding" in operands
            or "destroy" in operands
        ):
            if not {"revisions", "versions"} & set(operands):
                yield "cloud-delete"
    elif name in {"gsutil", "mc", "rclone", "s3cmd", "s5cmd", "b2", "ossutil"}:
        if (
            {"rb", "purge", "delete-bucket", "delete-all"} & set(operands)
            or (
                {"rm", "delete", "del"} & set(operands[:3])
                and any(
                    re.fullmatch(r"-[a-zA-Z]*[rR][a-zA-Z]*|--recursive", word) or word.endswith(("/**", "/*"))
                    for word in words
                )
            )
            or (name == "rclone" and "delete" in operands[:1])
        ):
            yield "cloud-delete"
    elif name in {
        "az",
        "ibmcloud",
        "oci",
        "aliyun",
        "doctl",
        "linode-cli",
        "hcloud",
        "scw",
        "vultr-cli",
        "openstack",
        "exo",
        "civo",
        "bx",
        "azd",
    }:
        if {"delete", "destroy", "purge", "down", "group-delete", "terminate"} & set(operands) or any(
            word.endswith("-delete") for word in operands
        ):
            yield "cloud-delete"
    elif name in {
        "heroku",
        "fly",
        "flyctl",
        "vercel",
        "netlify",
        "railway",
        "render",
        "dokku",
        "cf",
        "supabase",
        "firebase",
        "ngrok-api",
        "planetscale",
        "pscale",
        "neonctl",
        "turso",
        "atlas",
    }:
        if (
            any(
                re.fullmatch(
                    r"(?:apps?|pg|postgres|addons|sites?|projects?|databases?|domains?|spaces?|branches"
                    r"|releases)?:?(?:destroy|reset|delete|remove|down|delete-org|delete-space|firestore:delete)",
                    word,
                )
                for word in operands[:3]
            )
            or any(
                word
                in {
                    "firestore:delete",
                    "projects:delete",
                    "functions:delete",
                    "pg:reset",
                    "hosting:disable",
                    "database:remove",
                }
                for word in operands
            )
            or operands[:2] == ["db", "reset"]
        ):
            yield "cloud-delete"
    elif name in {"gh", "glab", "hub", "tea"}:
        if operands[:2] in (["repo", "delete"], ["secret", "delete"], ["release", "delete"], ["project", "delete"]) or (
            operands[:1] == ["api"] and any(word.upper() == "DELETE" for word in words)
        ):
            yield "repository-destroy"
    elif name in {
        "virsh",
        "vagrant",
        "vboxmanage",
        "multipass",
        "qm",
        "pct",
        "xe",
        "govc",
        "vim-cmd",
        "prlctl",
        "lxc",
        "incus",
        "limactl",
    }:
        if (
            {"undefine", "destroy", "unregistervm", "vol-delete", "pool-delete", "vm.destroy", "vm-destroy"}
            & set(operands[:3])
        ) or (
            name in {"multipass", "lxc", "incus"}
            and "delete" in operands[:2]
            and ({"--all", "--purge", "-f", "--force"} & set(words))
        ):
            yield "cloud-delete"


def _aws_call(words: list[str]) -> tuple[str, str]:
    valued = {
        "--profile",
        "--region",
        "--output",
        "--endpoint-url",
        "--query",
        "--ca-bundle",
        "--color",
        "--cli-read-timeout",
        "--cli-connect-timeout",
    }
    operands: list[str] = []
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word.startswith("-"):
            skip = word in valued
        else:
            operands.append(word)
    return (operands[0], operands[1]) if len(operands) > 1 else ("", "")


def containers(command: Program) -> Iterator[str]:
    """docker, podman, compose: everything at once, or volumes."""
    words = command.words
    operands = [word for word in words if not word.startswith("-")]
    if _dry(command):
        return
    everything = command.has("-a", "--all", "--volumes")
    if {"system", "volume", "image", "container", "builder", "network"} & set(operands[:2]) and "prune" in operands:
        if (
            (operands[0] == "system" and everything)
            or operands[0] == "volume"
            or (operands[0] == "image" and everything and command.has("-f", "--force"))
        ):
            yield "container-purge"
    elif (
        operands[:2] in (["volume", "rm"], ["volume", "remove"])
        or operands[:2] == ["swarm", "leave"]
        and command.has("-f", "--force")
        or operands[:2] in (["stack", "rm"], ["service", "rm"])
    ):
        yield "container-purge"
    elif (
        "down" in operands
        and (command.has("-v", "--volumes") or "--rmi" in words)
        and (command.name.endswith("compose") or "compose" in operands)
    ):
        if command.has("-v", "--volumes"):
            yield "container-purge"
    elif (
        operands[:1]
        and operands[0] in {"rm", "rmi", "kill", "stop"}
        or operands[:2] in (["container", "rm"], ["image", "rm"])
    ) and command.written_all():
        if operands[0] in {"rm", "rmi", "container", "image"}:
            yield "container-purge"
    elif operands[:1] == ["run"] and _mounts_host(words):
        yield "container-escape"


def _mounts_host(words: list[str]) -> bool:
    mounts_root = any(
        re.match(r"(?:--volume=|-v=?)?/:/", word) or re.search(r"(?:source|src)=/(?:,|$)", word) for word in words
    )
    return mounts_root or (
        "--privileged" in words and any(word.startswith("--pid=host") for word in words) and "nsenter" in words
    )


def repository(command: Program) -> Iterator[str]:
    """git: history that others rely on."""
    words = command.words
    at = next(
        (
            place
            for place, word in enumerate(words)
            if word in {"push", "filter-branch", "filter-repo", "reflog", "update-ref", "branch", "gc", "clean"}
        ),
        None,
    )
    if at is None or {"--dry-run", "-n"} & set(words[at:]):
        return
    rest = words[at + 1 :]
    operands = [word for word in rest if not word.startswith("-")]
    main = {"main", "master", "production", "prod", "develop", "release", "trunk", "HEAD:main", "HEAD:master", "HEAD"}
    if words[at] == "push":
        forced = any(
            word in {"-f", "--force", "-fu", "-uf"} or re.fullmatch(r"-[a-z]*f[a-z]*", word) for word in rest
        ) or any(word.startswith("+") for word in operands)
        if (
            "--mirror" in rest
            or "--prune" in rest
            or forced
            and (
                len(operands) < 2
                or {word.lstrip("+").rpartition(":")[2] for word in operands[1:]} & main
                or "--all" in rest
            )
            or ("--delete" in rest or "-d" in rest)
            and set(operands) & main
            or any(word in {":" + name for name in main} for word in operands)
        ):
            yield "repository-destroy"
    elif (
        words[at] == "filter-branch"
        or (words[at] == "filter-repo" and "--force" in rest)
        or (
            words[at] == "reflog"
            and "expire" in rest
            and any(word.startswith(("--expire=now", "--expire-unreachable=now", "--expire=all")) for word in rest)
        )
        or words[at] == "update-ref"
        and "-d" in rest
    ):
        yield "repository-destroy"


def databases(command: Program) -> Iterator[str]:
    """Whole databases, by their own tools."""
    name, words = command.name, command.words
    lowered = [word.lower() for word in words]
    operands = [word for word in lowered if not word.startswith("-")]
    joined = " ".join([name, *operands[:6]])
    if _dry(command):
        return
    if name in {"dropdb", "dropuser", "pg_dropcluster", "mongodrop"} or (name == "mysqladmin" and "drop" in operands):
        yield "database-drop"
    elif name in {"redis-cli", "valkey-cli", "keydb-cli"} and (
        {"flushall", "flushdb", "shutdown"} & set(operands)
        or {"flushall", "flushdb"} & set((command.stdin or "").lower().split())
        or joined.find("config set dir") >= 0
    ):
        yield "cache-flush"
    elif (
        name in {"rails", "rake", "bin/rails"}
        and {
            "db:drop",
            "db:reset",
            "db:purge",
            "db:drop:all",
            "db:migrate:reset",
            "db:schema:load",
            "db:truncate_all",
        }
        & set(operands)
        or name in {"php", "artisan"}
        and {"migrate:fresh", "db:wipe", "migrate:reset", "migrate:refresh"} & set(operands)
    ):
        yield "database-drop"
    elif name in {
        "npx",
        "prisma",
        "yarn",
        "pnpm",
        "bunx",
        "npm",
        "sequelize",
        "sequelize-cli",
        "typeorm",
        "knex",
        "drizzle-kit",
        "bun",
    }:
        if (
            re.search(
                r"\bprisma (?:migrate reset|db execute)|\bdb:drop|\bschema:drop|migrate:rollback --all|\bdb push",
                joined,
            )
            and ("db push" not in joined or "--force-reset" in lowered)
            or "--force-reset" in lowered
        ):
            yield "database-drop"
        elif "unpublish" in operands[:2]:
            yield "repository-destroy"
    elif name.startswith("python") or name in {"manage.py", "django-admin", "alembic", "flask"}:
        if (
            (
                {"flush", "reset_db", "sqlflush"} & set(operands[:3])
                and ("manage.py" in joined or name in {"manage.py", "django-admin"})
                and "sqlflush" not in operands
            )
            or "downgrade" in operands
            and "base" in operands
            or re.search(r"manage\.py migrate \w+ zero", joined)
        ):
            yield "database-drop"
    elif name in {"mix"} and {"ecto.drop", "ecto.reset"} & set(operands):
        yield "database-drop"
    elif name in {"supabase", "hasura", "dotnet", "liquibase", "flyway", "dbmate", "diesel", "sqlx", "goose"}:
        if re.search(r" db reset|database (?:drop|reset)|ef database drop| drop-?all$| clean$| drop$| reset$", joined):
            yield "database-drop"
    elif (
        name in {"kafka-topics", "kafka-topics.sh"}
        and "--delete" in words
        or name in {"rabbitmqctl"}
        and {"reset", "force_reset", "delete_queue", "delete_vhost"} & set(operands)
        or name in {"curl", "http", "wget"}
        and _deletes_index(command)
        or name == "bq"
        and "rm" in operands[:2]
        or name == "influx"
        and ("delete" in operands[:2])
    ):
        yield "database-drop"


def _deletes_index(command: Program) -> bool:
    words = command.words
    deletes = (
        any(word in {"-XDELETE", "--request=DELETE"} for word in words)
        or any(
            word in {"-X", "--request"} and following.upper() == "DELETE"
            for word, following in zip(words, words[1:], strict=False)
        )
        or "DELETE" in words[:1]
    )
    if deletes:
        return any(
            re.search(
                r":(?:9200|9243|5984|6333|8086|8123|7474|8983|19530)(?:/|$)|elastic|opensearch|/_all\b|/\*$|couchdb"
                r"|solr",
                word,
            )
            for word in words
        )
    return any("_delete_by_query" in word for word in words) and any("match_all" in word for word in words)
