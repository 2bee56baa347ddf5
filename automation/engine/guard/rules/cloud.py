"""Taking away what runs elsewhere: machines, clusters, buckets and queues, by their own tools."""

import re

from automation.engine.guard.call import Call
from automation.engine.guard.decision import Severity
from automation.engine.guard.names import names
from automation.engine.guard.outputs import CONTAINERS
from automation.engine.guard.rule import rule

_ENDS = re.compile(
    r"^(?:delete|destroy|terminate|remove|purge|undefine|wipe|nuke|deprovision|decommission)"
    r"(?:$|[-_:][\w-]+$)|^(?:uninstall|rb|del|rm|flush\w*|drop\w*|undeploy|[\w:-]+:(?:destroy|delete))$"
)
_CLOUDS = (
    "aws gcloud az doctl hcloud linode-cli openstack nova cinder oci ibmcloud scw exo vultr-cli "
    "civo eksctl kops heroku flyctl fly gsutil mc s3cmd s5cmd azcopy aliyun tccli yc bosh cf "
    "vagrant govc"
)
_WIDE = frozenset(
    names(
        """
    ns namespace namespaces node nodes no pv persistentvolume persistentvolumes crd crds pvc
    persistentvolumeclaim persistentvolumeclaims customresourcedefinition
    customresourcedefinitions clusterrole clusterrolebinding storageclass sc
    """
    )
)


def _cloud(call: Call) -> bool:
    words = call.operands
    if {"ls", "list", "describe", "show"} & set(words[:3]):
        return False
    if "rm" in words[:3]:
        # One object may go, a whole tree not.
        return call.has("rR", "recursive") or call.flag("--recursive", "--force")
    return any(map(_ENDS.match, words[:6]))


def _cluster(call: Call) -> bool:
    words = call.operands
    kinds = {kind for one in words[1:] for kind in one.partition("/")[0].lower().split(",")}
    everything = call.flag("--all", "-A", "--all-namespaces") or "all" in kinds
    prunes = call.flag("--prune") and call.flag("--all")
    return (
        ("delete" in words[:3] and (bool(kinds & _WIDE) or everything))
        or "drain" in words[:3]
        or prunes
        or (words[:1] == ("replace",) and call.flag("--force"))
        or (words[:1] == ("scale",) and call.flag("--all") and "0" in call.values("--replicas"))
    )


def _containers(call: Call) -> bool:
    """Whether containers, images or volumes go by the dozen, or with their data."""
    words = call.operands
    every = any(CONTAINERS.rstrip("*") in one for one in call.args)
    return (
        (every and bool({"rm", "rmi", "kill", "stop", "remove"} & set(words[:2])))
        or words[:2] in (("volume", "prune"), ("volume", "rm"), ("volume", "remove"))
        or (words[:2] == ("system", "prune") and call.has("a", "all", "volumes"))
        or words[:2]
        in (("system", "reset"), ("swarm", "leave"), ("stack", "rm"), ("machine", "rm"))
        or (
            "down" in words[:4]
            and ("compose" in words[:1] or call.name != "docker")
            and call.has("v", "volumes")
        )
        or (words[:2] == ("compose", "rm") and call.has("v"))
        or (words[:1] == ("rm",) and call.has("a", "all"))
    )


RULES = tuple(
    rule(
        key, programs, holds, "It destroys data that nobody can bring back.", severity=Severity.HOLD
    )
    for key, programs, holds in (
        ("DESTROY_IN_CLOUD", _CLOUDS, _cloud),
        ("DELETE_IN_CLUSTER", "kubectl oc k3s microk8s", _cluster),
        (
            "RESET_CLUSTER",
            "kubeadm k3s-uninstall.sh k3s-killall.sh rke minikube kind k3d",
            lambda call: (
                not call.operands or bool({"reset", "remove", "delete"} & set(call.operands[:2]))
            ),
        ),
        (
            "PRUNE_CONTAINERS",
            "docker podman nerdctl docker-compose podman-compose",
            _containers,
        ),
        (
            "DESTROY_INFRASTRUCTURE",
            "terraform tofu pulumi terragrunt cdk serverless sls",
            lambda call: (
                bool({"destroy", "remove"} & set(call.operands[:2]))
                or (call.flag("-destroy", "--destroy") and not call.verb("plan"))
                or call.operands[:2] == ("state", "rm")
            ),
        ),
        ("UNINSTALL_RELEASE", "helm", lambda call: call.verb("uninstall", "delete", "del", "un")),
        (
            "EMPTY_STORE",
            "etcdctl consul vault nomad zkCli.sh",
            lambda call: (
                (call.verb("del") and call.flag("--prefix", "--from-key"))
                or (
                    call.name == "etcdctl" and call.verb("rm", "member") and "list" not in call.args
                )
                or ("delete" in call.operands[:3] and call.flag("-recurse", "-recurse=true"))
                or (call.name == "vault" and bool({"disable", "delete"} & set(call.operands[:2])))
                or ("leave" in call.operands[:1] or "force-leave" in call.operands[:1])
                or call.operands[:2] == ("system", "gc")
                or (call.verb("stop") and call.flag("-purge"))
                or call.verb("deleteall", "rmr")
            ),
        ),
        (
            "EMPTY_QUEUE",
            "rabbitmqctl rabbitmqadmin kafka-topics kafka-topics.sh",
            lambda call: (
                call.verb(
                    *names(
                        """
                    reset force_reset purge_queue delete_queue delete_vhost delete_user stop
                    stop_app forget_cluster_node delete purge
                    """
                    )
                )
                or call.flag("--delete")
            ),
        ),
        (
            "DESTROY_STORAGE",
            "ceph rados rbd gluster virsh xl lxc incus pct qm vboxmanage VBoxManage multipass",
            lambda call: (
                bool(
                    set(call.operands[:4])
                    & set(
                        names(
                            """
                    delete destroy purge rm remove undefine vol-delete pool-delete pool-destroy
                    vol-wipe unregistervm zap lost trash
                    """
                        )
                    )
                )
                or "--yes-i-really-really-mean-it" in call.args
            ),
        ),
        (
            "DELETE_INDEX",
            "curl http https xh",
            lambda call: (
                (
                    "DELETE" in (*call.values("-X", "--request"), *call.operands[:1])
                    and any(
                        re.search(r":9200/|/_all\b|/\*|[?&/]_delete|:5984/|:8500/v1/kv", one)
                        for one in call.args
                    )
                )
                or any("_delete_by_query" in one for one in call.args)
            ),
        ),
    )
)
