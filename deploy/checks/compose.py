"""What deploy/validate asks of the Compose file, and with --collector of the collector's."""

import sys

import yaml
from compose_spec import PyCompose

SUITE = {"enrollment", "settlement", "referral", "inspection", "interregional", "orchestrator"}


def source(secret):
    return secret["source"] if isinstance(secret, dict) else secret


def compose(text):
    whole = yaml.safe_load(text)
    # Merge keys are YAML's, not the specification's: it is asked of what they come to.
    PyCompose.from_yaml(yaml.safe_dump(whole)).validate()
    services, secrets = whole["services"], whole["secrets"]
    for name, service in services.items():
        for secret in map(source, service.get("secrets", [])):
            assert secret in secrets, f"{name}: no secret {secret}"
        for other, how in service.get("depends_on", {}).items():
            assert other in services, f"{name}: no service {other}"
            healthy = how["condition"] == "service_healthy"
            assert not healthy or "healthcheck" in services[other], f"{name}: is {other} healthy?"
        assert set(service["networks"]) <= set(whole["networks"]), f"{name}: networks"
        assert service.get("restart"), f"{name}: restart"
    used = {source(secret) for service in services.values() for secret in service.get("secrets", [])}
    assert used == set(secrets), f"secrets nobody uses: {set(secrets) - used}"
    assert SUITE <= set(services)
    for name in SUITE:
        service = services[name]
        assert service["read_only"] and service["cap_drop"] == ["ALL"], name
        assert service["user"] == "10001:10001", name
    # Only the orchestrator is seen from other machines; the database and the cache from nowhere.
    doors = {name: service["ports"] for name, service in services.items() if service.get("ports")}
    far = {name for name, ports in doors.items() if not all(p.startswith("127.0.0.1:") for p in ports)}
    assert far == {"orchestrator"}, far
    assert set(doors) == SUITE | {"collector"}, set(doors)
    assert whole["networks"]["inner"]["internal"]


def collector(text):
    whole = yaml.safe_load(text)
    for name, pipeline in whole["service"]["pipelines"].items():
        for kind, used in pipeline.items():
            assert set(used) <= set(whole[kind]), (name, kind)


with open(sys.argv[-1], encoding="utf-8") as file:
    (collector if sys.argv[1] == "--collector" else compose)(file.read())
