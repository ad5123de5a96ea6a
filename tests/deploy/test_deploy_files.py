"""The files of deploy/ hold together: linters pass, settings and paths exist, nobody is root, all is shut."""

import re
import shutil
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from compose_spec import PyCompose

from bowerbird.settings import Settings, described_settings

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
MANIFESTS = list(yaml.safe_load_all((DEPLOY / "kubernetes/bowerbird.yaml").read_text("utf-8")))
OURS = ("api", "jobs")


def manifest(kind: str) -> dict[str, Any]:
    return next(one for one in MANIFESTS if one["kind"] == kind)


def test_the_dockerfile_is_clean():
    hadolint = shutil.which("hadolint", path=sysconfig.get_path("scripts"))
    assert hadolint, "`make setup` brings hadolint"
    done = subprocess.run([hadolint, DEPLOY / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_dockerfile_pins_its_base_and_drops_rights():
    text = (DEPLOY / "Dockerfile").read_text("utf-8")
    assert re.search(r"^ARG PYTHON=3\.11\.\d+-slim-\w+$", text, re.MULTILINE)
    for target in ("train", "serve"):
        assert re.search(rf"^FROM runtime AS {target}$", text, re.MULTILINE)
    runtime = text.partition("AS runtime\n")[2]
    users = re.findall(r"^USER (.+)$", runtime, re.MULTILINE)
    assert users == ["10001:10001"]
    assert "HEALTHCHECK" in text.partition("AS serve\n")[2]


def test_what_the_image_is_made_of_is_let_through():
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert "*" in ignored
    copied = re.findall(
        r"^COPY (?!--from)(.+) \S+$", (DEPLOY / "Dockerfile").read_text("utf-8"), re.MULTILINE
    )
    names = [name for line in copied for name in line.split()]
    assert names
    for name in names:
        assert f"!{name}" in ignored
        assert (ROOT / name).exists()


@pytest.mark.parametrize("file", ["Dockerfile", "compose.yaml", "kubernetes/bowerbird.yaml"])
def test_every_setting_that_is_named_exists(file: str):
    known = {f"BOWERBIRD_{name.upper().replace('.', '__')}" for name, *_ in described_settings(Settings())}
    named = set(re.findall(r"BOWERBIRD_[A-Z_]+", (DEPLOY / file).read_text("utf-8")))
    assert named
    assert named <= known


def test_the_compose_file_is_one():
    text = (DEPLOY / "compose.yaml").read_text("utf-8")
    filled = re.sub(r"\$\{\w+:([-?])([^}]*)\}", lambda m: m[2] if m[1] == "-" else "given", text)
    # Dumped again, since this parser knows no merge keys, as Docker's does.
    PyCompose.from_yaml(yaml.safe_dump(yaml.safe_load(filled))).validate()
    assert {"api", "proxy", "database", "objects", "prometheus", "grafana", "milvus"} <= set(
        COMPOSE["services"]
    )


def test_compose_mounts_what_is_there():
    for service in COMPOSE["services"].values():
        for volume in service.get("volumes", ()):
            source = volume.partition(":")[0]
            if source.startswith("./"):
                assert (DEPLOY / source).exists(), source
            elif not source.startswith("$"):
                assert source in COMPOSE["volumes"]


def test_compose_opens_nothing_to_others_unless_asked():
    ports = [port for service in COMPOSE["services"].values() for port in service.get("ports", ())]
    assert len(ports) == 2
    assert all(port.startswith(("127.0.0.1:", "${ADDRESS:-127.0.0.1}:")) for port in ports)
    assert not re.search(r"PASSWORD: *[\"']?\w", (DEPLOY / "compose.yaml").read_text("utf-8"))


@pytest.mark.parametrize("name", OURS)
def test_our_containers_are_confined(name: str):
    service = COMPOSE["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


@pytest.mark.parametrize("kind", [one["kind"] for one in MANIFESTS])
def test_manifests_are_what_kubernetes_takes(kind: str):
    for one in (one for one in MANIFESTS if one["kind"] == kind):
        kubernetes_validate.validate(one, "1.31", strict=True)


def test_pods_are_confined_and_probed():
    pod = manifest("StatefulSet")["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    for container in (*pod["initContainers"], *pod["containers"]):
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert container["resources"]["limits"]["memory"]
        assert "latest" not in container["image"]
    (server,) = pod["containers"]
    assert server["readinessProbe"]["httpGet"]["path"] == "/health/ready"
    assert server["livenessProbe"]["httpGet"]["path"] == "/health/live", "a lost database must not restart it"
    assert manifest("PodDisruptionBudget")["spec"]["maxUnavailable"] == 1
    assert manifest("HorizontalPodAutoscaler")["spec"]["minReplicas"] >= 2


def test_the_page_on_deploying_names_what_exists():
    page = (ROOT / "docs/deploying.md").read_text("utf-8")
    for path in re.findall(r"`(deploy/[\w./-]+)`", page):
        assert (ROOT / path).exists(), path
    for service in re.findall(r"docker compose [^\n]*?run --rm (\w+)", page):
        assert service in COMPOSE["services"]
