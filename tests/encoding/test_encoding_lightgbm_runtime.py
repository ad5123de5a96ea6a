"""LightGBM learns and predicts without scikit-learn and its like, which stay importable."""

import subprocess
import sys

SCRIPT = """
import sys
{before}
from bowerbird.encoding.lightgbm_runtime import lightgbm
hidden = [name for name in ("sklearn", "pandas", "pyarrow", "dask") if name in sys.modules]
import numpy as np
features = np.random.default_rng(0).random((200, 3))
settings = {{"verbose": -1, "min_data_in_leaf": 5, "num_threads": 1, "objective": "regression"}}
booster = lightgbm.train(settings, lightgbm.Dataset(features, features[:, 0]), 20)
again = lightgbm.Booster(model_str=booster.model_to_string())
assert np.array_equal(booster.predict(features), again.predict(features))
assert np.corrcoef(again.predict(features), features[:, 0])[0, 1] > 0.9
import sklearn.linear_model
print(hidden)
"""


def run(before: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", SCRIPT.format(before=before)], capture_output=True, text=True, check=True
    ).stdout.strip()


def test_it_imports_no_scikit_learn_and_works():
    assert run("") == "[]"


def test_what_was_imported_before_is_still_there():
    assert "'sklearn'" in run("import sklearn")
