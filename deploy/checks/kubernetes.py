"""What deploy/validate asks of the manifests, beyond Kubernetes' own schemas: pods that
PodSecurity's "restricted" takes, probes, budgets, no secret in plain sight, and a network whose
arrows are those of the suite."""

import sys

import yaml

NAME = "app.kubernetes.io/name"

with open(sys.argv[1], encoding="utf-8") as file:
    RESOURCES = [one for one in yaml.safe_load_all(file) if one]


def of(kind):
    return [one for one in RESOURCES if one["kind"] == kind]


def labels_of(deployment):
    return deployment["spec"]["template"]["metadata"]["labels"]


def meets(selector, labels):
    for rule in selector.get("matchExpressions", []):
        assert rule["operator"] == "In"
        if labels.get(rule["key"]) not in rule["values"]:
            return False
    return selector.get("matchLabels", {}).items() <= labels.items()


SETTINGS = {one["metadata"]["name"]: one["data"] for one in of("ConfigMap")}
PODS = {labels_of(one)[NAME]: labels_of(one) for one in of("Deployment")}


def check_pods():
    assert len(PODS) == 6, sorted(PODS)
    for deployment in of("Deployment"):
        name, pod = deployment["metadata"]["name"], deployment["spec"]["template"]["spec"]
        [box], labels = pod["containers"], labels_of(deployment)
        whole, own = pod["securityContext"], box["securityContext"]
        assert whole["runAsNonRoot"] and whole["seccompProfile"]["type"] == "RuntimeDefault", name
        assert own["allowPrivilegeEscalation"] is False and own["readOnlyRootFilesystem"], name
        assert own["capabilities"] == {"drop": ["ALL"]}, name
        kinds = {key for volume in pod["volumes"] for key in volume} - {"name"}
        assert kinds <= {"configMap", "secret"}, (name, kinds)
        assert {"startupProbe", "readinessProbe", "livenessProbe", "lifecycle"} <= set(box), name
        assert "requests" in box["resources"] and "memory" in box["resources"]["limits"], name
        given = SETTINGS[box["envFrom"][0]["configMapRef"]["name"]]
        assert not [key for key in given if "PASSWORD" in key or "SECRET" in key], name
        budgets = [b for b in of("PodDisruptionBudget") if meets(b["spec"]["selector"], labels)]
        doors = [s for s in of("Service") if s["spec"]["selector"].items() <= labels.items()]
        assert len(budgets) == len(doors) == 1, (name, len(budgets), len(doors))
        assert doors[0]["spec"]["ports"][0]["port"] == box["ports"][0]["containerPort"], name
        for spread in pod["topologySpreadConstraints"]:
            assert spread["labelSelector"]["matchLabels"] == {NAME: labels[NAME]}, name
    [namespace] = of("Namespace")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def opens(rules, side, labels):
    """True when one of the rules lets a pod with these labels through to a gRPC port."""
    for rule in rules:
        ends = rule.get(side)
        pods = [end["podSelector"] for end in ends or [] if "namespaceSelector" not in end]
        is_meant = ends is None or any(meets(selector, labels) for selector in pods)
        if is_meant and "grpc" in [port["port"] for port in rule["ports"]]:
            return True
    return False


def reaches(one, other):
    specs = [policy["spec"] for policy in of("NetworkPolicy")]
    leaves = [spec for spec in specs if meets(spec["podSelector"], PODS[one])]
    enters = [spec for spec in specs if meets(spec["podSelector"], PODS[other])]
    out = any(opens(spec.get("egress", []), "to", PODS[other]) for spec in leaves)
    return out and any(opens(spec.get("ingress", []), "from", PODS[one]) for spec in enters)


def check_arrows():
    arrows = {(one, other) for one in PODS for other in PODS if one != other and reaches(one, other)}
    prefix = "YIBAO_ORCHESTRATOR__PEERS__"
    keys = [key for data in SETTINGS.values() for key in data]
    peers = {key.removeprefix(prefix).lower() for key in keys if key.startswith(prefix)}
    assert len(peers) > 3 and arrows == {("orchestrator", peer) for peer in peers}, arrows
    nobody = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    assert nobody in [policy["spec"] for policy in of("NetworkPolicy")], "no policy denies by default"


check_pods()
check_arrows()
