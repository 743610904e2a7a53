"""Destroying what runs in a cluster."""

from __future__ import annotations

from collections.abc import Iterator

from governance.engine.blocking.hazards.dry_run import is_dry
from governance.engine.normalise.shell.command import Program

_SCOPES = frozenset(
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
    if is_dry(command):
        return
    if command.name in {"kubectl", "oc", "k", "k3s", "microk8s", "kubectl-delete"}:
        if "delete" in operands[:6]:
            rest = operands[operands.index("delete") + 1 :]
            kinds = {part.partition("/")[0].partition(".")[0] for word in rest[:1] for part in word.split(",")}
            kinds |= {word.partition("/")[0] for word in rest if "/" in word and not word.startswith((".", "/"))}
            if kinds & _SCOPES or {"--all", "--all=true", "-A", "--all-namespaces"} & set(words):
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
