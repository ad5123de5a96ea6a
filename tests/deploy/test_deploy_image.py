"""The serving image's own steps, in a clean virtual environment, run by one who may write to the home alone.

No container engine is needed: what the Dockerfile runs is run here, and what it sets is read from it.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "deploy/Dockerfile").read_text("utf-8")
BASE_MB = 130  # python:3.11-slim-bookworm with OpenMP, unpacked; it cannot be measured here
AIM_MB = 700
NOBODY = "nobody"


def given(word: str, stage: str) -> str:
    """What a stage of the Dockerfile says after `word`, its lines joined."""
    text = re.split(r"^FROM ", DOCKERFILE.partition(f" AS {stage}\n")[2], flags=re.MULTILINE)[0]
    joined = text.replace("\\\n", " ")
    return " ".join(re.findall(rf"^{word} +(.+)$", joined, re.MULTILINE))


def variables(stage: str) -> dict[str, str]:
    """What ENV sets."""
    return dict(pair.split("=", 1) for pair in given("ENV", stage).split())


@pytest.fixture(scope="module")
def image() -> Iterator[Path]:
    """The folder that would be the container's, readable by all."""
    folder = Path(tempfile.mkdtemp(prefix="bowerbird-image-"))
    folder.chmod(0o755)
    python = sys.executable if readable_by_all(Path(sys.base_prefix)) else "/usr/bin/python3"
    assert given("RUN", "installed") == "deploy/docker/install_serving.sh /app"
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHON": python,
    }
    subprocess.run(
        ["sh", ROOT / "deploy/docker/install_serving.sh", folder / "app"],
        cwd=ROOT,
        env=environment,
        check=True,
    )
    yield folder
    shutil.rmtree(folder)


def readable_by_all(folder: Path) -> bool:
    return all(parent.stat().st_mode & 0o001 for parent in (folder, *folder.parents))


@pytest.mark.long
def test_the_image_serves_as_nobody_and_stops_in_good_order(image: Path, indexed_home: Path):
    if os.geteuid() != 0:
        pytest.skip("only root can run a process as somebody else")
    home = image / "market"
    shutil.copytree(indexed_home, home, symlinks=False)
    subprocess.run(["chown", "-R", NOBODY, home], check=True)
    settings = variables("runtime") | variables("serve")
    settings |= {"BOWERBIRD_HOME": str(home), "HOME": str(image / "nowhere"), "BOWERBIRD_SERVING__PORT": "0"}
    settings |= {"PATH": f"{image}/app/bin:/usr/bin:/bin", "BOWERBIRD_OBSERVING__LOG_REQUESTS": "true"}
    made = run(image, settings, "bowerbird", "keys", "create", "tester")
    key = re.search(r"bb_\S+", made.stdout)[0]
    command = [
        *eval_list(given("ENTRYPOINT", "runtime")),
        *eval_list(given("CMD", "serve").split("  CMD ")[-1]),
    ]
    assert command == ["bowerbird", "serve"]
    with subprocess.Popen(
        command, cwd=home, env=settings, user=NOBODY, stderr=subprocess.PIPE, text=True
    ) as server:
        address = started(server)
        threading.Thread(target=server.stderr.read, daemon=True).start()
        try:
            wait_for(address)
            assert asked(address, "/health/ready") == 200
            assert asked(address, "/v1/search", key, b'{"q": "red sofa"}') == 200
            assert asked(address, "/v1/search", "", b'{"q": "red sofa"}') == 401
            assert asked(address, "/v1/shoppers/anne/recommendations", key) == 200
            health = re.search(r'HEALTHCHECK.*?"(import urllib[^"]+)"', DOCKERFILE, re.DOTALL)[1]
            port = address.rpartition(":")[2]
            assert run(image, settings, "python", "-c", health.replace("8000", port)).returncode == 0
            assert answered_while_stopping(server, int(port), key) == 200
            assert server.wait(30) == -signal.SIGTERM  # uvicorn ends by it, once all is answered
        finally:
            server.kill()


@pytest.mark.long
def test_the_image_holds_what_serves_and_no_more(image: Path):
    python = image / "app/bin/python"
    listed = "import importlib.metadata as m; print(*(d.metadata['Name'].lower() for d in m.distributions()))"
    names = set(
        subprocess.run([python, "-c", listed], capture_output=True, text=True, check=True).stdout.split()
    )
    assert {"bowerbird", "openvino", "psycopg", "s3fs", "opentelemetry-sdk"} <= names
    assert not {"torch", "scikit-learn", "lightning", "polars", "pip", "pytest", "ray"} & names
    size = subprocess.run(["du", "-sm", image / "app"], capture_output=True, text=True, check=True).stdout
    assert int(size.split()[0]) + BASE_MB < AIM_MB


def eval_list(text: str) -> list[str]:
    """The words of a JSON list, as Docker reads ENTRYPOINT and CMD."""
    return re.findall(r'"([^"]*)"', text)


def run(image: Path, settings: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    """A command of the image, by nobody."""
    return subprocess.run(
        command, cwd=image, env=settings, user=NOBODY, capture_output=True, text=True, check=True, timeout=120
    )


def started(server: subprocess.Popen[str]) -> str:
    """Where it listens, from its first lines."""
    lines = []
    while line := server.stderr.readline():
        lines.append(line)
        if found := re.search(r"http://0\.0\.0\.0:(\d+)", line):
            assert line.startswith("{"), "lines are JSON in a container"
            return f"http://127.0.0.1:{found[1]}"
    raise AssertionError("".join(lines))


def answered_while_stopping(server: subprocess.Popen[str], port: int, key: str) -> int:
    """The status of a request whose second half comes after the server was told to stop."""
    body = b'{"q": "blue lamp"}'
    with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        connection.putrequest("POST", "/v1/search")
        connection.putheader("Content-Type", "application/json")
        connection.putheader("Content-Length", str(len(body)))
        connection.putheader("Authorization", f"Bearer {key}")
        connection.endheaders(body[:5])
        time.sleep(1)  # until it was read
        server.terminate()
        time.sleep(1)
        connection.send(body[5:])
        return connection.getresponse().status


def wait_for(address: str) -> None:
    """Return once it takes connections, which it does a moment after it says where."""
    for _ in range(600):
        try:
            asked(address, "/health/live")
        except httpx.ConnectError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("it takes no connections")


def asked(address: str, path: str, key: str = "", body: bytes | None = None) -> int:
    """The status of a call."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
    return httpx.request(
        "POST" if body else "GET", address + path, content=body, headers=headers, timeout=60
    ).status_code
