"""A server needs none of what trains: it answers everything without torch and its like being imported.

Run as a script, this module is the server: it opens a home, answers, and says what it has imported.
"""

import json
import subprocess
import sys
from pathlib import Path

TRAINS = (
    "torch",
    "lightning",
    "sklearn",
    "ray",
    "kornia",
    "transformers",
    "sentence_transformers",
    "tensorboard",
)


def test_serving_imports_nothing_that_trains(home: Path):
    said = subprocess.run([sys.executable, __file__, str(home)], capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    answers = json.loads(said.stdout.splitlines()[-1])
    assert answers["statuses"] == dict.fromkeys(answers["statuses"], 200)
    assert [module for module in TRAINS if module in answers["modules"]] == []


def serve(home: Path) -> None:
    from fastapi.testclient import TestClient

    from bowerbird.assembly import open_engine
    from bowerbird.serving.app import create_app
    from bowerbird.settings import load_settings

    settings = load_settings(home)
    with TestClient(create_app(open_engine(settings), settings)) as client:
        statuses = {
            call: client.get(call).status_code for call in ("/?q=red+sofa", "/owner", "/listings/red-sofa")
        }
        statuses["search"] = client.post("/v1/search", json={"q": "red sofa"}).status_code
    top = sorted({name.partition(".")[0] for name in sys.modules})
    sys.stdout.write(json.dumps({"statuses": statuses, "modules": top}) + "\n")


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
