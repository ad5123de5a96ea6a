"""Models cut short: a learned one is refused and the one before it serves; a backbone is never opened."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from served import Served, ended, eventually, serving

from bowerbird.encoding.learned_model import LearnedKind
from bowerbird.encoding.lightgbm_runtime import lightgbm as lgb
from bowerbird.jobs.doctor import Verdict, examine
from bowerbird.ranking.features import FEATURES, FEATURES_VERSION
from bowerbird.ranking.learned_ranker import TREES_FILE
from bowerbird.settings import load_settings
from bowerbird.storage.model_registry import ACTIVE_FILE, activate_model, publish_model, staged_model


def cut_short(path: Path) -> bytes:
    """Half of a file is gone, as after a copy that was broken off; what it held before."""
    whole = path.read_bytes()
    path.unlink()  # it may be a link to a file that others use
    path.write_bytes(whole[: len(whole) // 2])
    return whole


def published_ranker(models: Path, seed: int) -> Path:
    """The folder of a ranker of a few drawn trees."""
    rng = np.random.default_rng(seed)
    data = lgb.Dataset(rng.normal(size=(400, len(FEATURES))), rng.random(400) < 0.3, group=[20] * 20)
    trees = lgb.train({"objective": "lambdarank", "num_leaves": 4, "verbose": -1, "num_threads": 1}, data, 3)
    with staged_model(models, LearnedKind.RANKER) as staged:
        (staged / TREES_FILE).write_text(trees.model_to_string())
        return publish_model(
            staged,
            LearnedKind.RANKER,
            config={"features": list(FEATURES), "features_version": FEATURES_VERSION},
            encoders={},
            data="drawn",
            metrics={"figures": [], "plots": {}},
            card="",
            trained_at=datetime(2026, 3, 1, 12 + seed, tzinfo=UTC),
        ).folder


def ranker_of(served: Served) -> str:
    """Which ranker ordered an answer."""
    reply = served.search("red sofa")
    assert reply.status == 200
    assert "red-sofa" in reply.ids
    return str(reply.body["ranker"])


def test_a_ranker_that_is_cut_short_is_refused_and_the_one_before_it_serves(chaos_home: Path):
    models = chaos_home / "models"
    first, second = (published_ranker(models, seed) for seed in (0, 1))
    activate_model(models, LearnedKind.RANKER, first.name)
    with serving(chaos_home, RANKING__SHARES='{"learned": 1.0}') as served:
        assert eventually(lambda: first.name in ranker_of(served))
        cut_short(second / TREES_FILE)
        with (models / LearnedKind.RANKER / ACTIVE_FILE).open("a") as active:  # `activate` refuses it
            active.write(second.name + "\n")
        assert served.says(f"the ranker model in use cannot be used.*{second.name}")
        assert first.name in ranker_of(served), "the one before it is kept"
        ready = served.call("GET", "/health/ready")
        assert (ready.status, len(ready.body["models"])) == (200, 1)
    failed = {check.name for check in examine(load_settings(chaos_home)) if check.verdict is Verdict.FAILED}
    assert failed == {"models"}
    with serving(chaos_home, RANKING__SHARES='{"learned": 1.0}') as served:
        assert ranker_of(served) == "untrained", "after a restart there is none before it in memory"
        code, said = ended(chaos_home, "models", "rollback", "ranker")
        assert code == 0, said
        assert eventually(lambda: first.name in ranker_of(served)), "no restart is needed"
        assert "models" not in served.call("GET", "/health/ready").body


@pytest.mark.parametrize("kind", ["text", "photo"])
def test_a_backbone_that_is_cut_short_is_refused_with_what_to_do(chaos_home: Path, kind: str):
    network = next((chaos_home / "models" / kind).glob("*/*.onnx"))
    whole = cut_short(network)
    code, said = ended(chaos_home, "serve", "--host", "127.0.0.1", "--port", "0")
    assert code == 4
    assert "is not the file that was exported" in " ".join(said.split())
    assert "run `bowerbird" in said
    checks = {check.name: check for check in examine(load_settings(chaos_home))}
    assert checks["backbones"].verdict is Verdict.FAILED
    network.write_bytes(whole)
    with serving(chaos_home) as served:
        assert served.search("red sofa").ids[0] == "red-sofa"
