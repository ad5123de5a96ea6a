"""A server as it is started, with real keys: refused without, revoked elsewhere, silent about secrets."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

UNAVAILABLE = 5
COMMAND = (sys.executable, "-m", "bowerbird.cli")


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    words = [*COMMAND, *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=120, env=environment())


def environment() -> dict[str, str]:
    return {**os.environ, "COLUMNS": "200"}


@pytest.fixture
def token(home_of_processes: Path) -> str:
    return run("keys", "create", "owner", "--scope", "admin", "--home", home_of_processes).stdout.strip()


@pytest.fixture
def served(home: Path, token: str, tmp_path: Path) -> Iterator[str]:  # noqa: ARG001  the key is there at the start
    """Where a process of its own serves the home; what it says is in said.txt."""
    said = tmp_path / "said.txt"
    with said.open("w") as file:
        words = [*COMMAND, "serve", "--host", "0.0.0.0", "--port", "0", "--home", home]  # noqa: S104  with a key
        server = subprocess.Popen(words, stdout=file, stderr=file, env=environment())
        try:
            yield _address(said, server)
        finally:
            server.terminate()
            server.wait(60)


def _address(said: Path, server: "subprocess.Popen[bytes]") -> str:
    for _ in range(600):
        if found := re.search(r"http://0\.0\.0\.0:(\d+)", said.read_text()):
            address = f"http://127.0.0.1:{found[1]}"
            try:
                httpx.get(f"{address}/health/live")
            except httpx.ConnectError:
                time.sleep(0.1)
                continue
            return address
        assert server.poll() is None, said.read_text()
        time.sleep(0.1)
    return pytest.fail(said.read_text())


def test_an_address_for_others_is_not_served_without_a_key(home: Path):
    refused = run("serve", "--host", "0.0.0.0", "--port", "0", "--home", home)  # noqa: S104  it is refused
    assert refused.returncode == UNAVAILABLE
    assert "bowerbird keys create NAME --scope admin" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_key_opens_until_another_process_revokes_it_and_is_said_nowhere(
    served: str, home: Path, token: str, tmp_path: Path
):
    key = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=served, timeout=30) as client:
        assert client.get("/v1/autocomplete").status_code == 401
        assert client.get("/v1/autocomplete", headers=key).status_code == 200
        wrong = {"Authorization": f"Bearer {token[:-1]}"}
        assert client.get("/v1/autocomplete", headers=wrong).status_code == 401
        client.post("/v1/search", headers=key, content="no JSON")
        signed = client.post("/sign-in", data={"key": token, "next": "/owner"})
        session = signed.cookies["bowerbird_key"]
        assert client.get("/owner").status_code == 200
        revoked = run("keys", "revoke", token.split("_")[1], "--home", home)
        assert revoked.returncode == 0
        time.sleep(1)
        assert client.get("/v1/autocomplete", headers=key).status_code == 401
        assert client.get("/owner").status_code == 401
    said = (tmp_path / "said.txt").read_text() + revoked.stdout + revoked.stderr
    for secret in (token, session):
        assert secret.split("_", 2)[2][:20] not in said
