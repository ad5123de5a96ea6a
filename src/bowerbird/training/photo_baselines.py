"""The classic baselines: 64 x 64 pixels, reduced by PCA, to logistic regression or an SVC.

12,288 numbers a photo are too many for either to be quick, so the 150 principal components of the training
photos stand for them; not scaled to equal variance, since the last ones are noise. Nothing is tuned: C is 1
and the kernel radial, as in the classic projects.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.svm import SVC

from bowerbird.encoding.photo_preparation import Fit, PhotoPreparation, Resample
from bowerbird.progress import Progress
from bowerbird.training.datasets import LabelledPhotos, PixelInputs, Rows
from bowerbird.training.photo_figures import Probabilities
from bowerbird.training.training_data import Part

SIDE = 64
COMPONENTS = 150
_BATCH = 64
_Ask = Callable[[Pipeline, NDArray[np.float32]], NDArray[np.float64]]


def baseline_probabilities(
    photos: LabelledPhotos, rows: Rows, progress: Progress, *, seed: int
) -> dict[str, Probabilities]:
    """(len(rows), C) by name of the baseline, fitted on the training photos.

    The SVC has no probabilities: the softmax of its decision values stands for them, which ranks as they do.
    """
    training = photos.rows(Part.TRAIN)
    progress.step("baselines: reading 64 x 64 pixels", len(training) + len(rows))
    known, asked = _pixels(photos, training, progress), _pixels(photos, rows, progress)
    components = min(COMPONENTS, len(known) - 1)
    fitted: dict[str, tuple[Pipeline, _Ask]] = {}
    for name, model, ask in (
        ("logistic regression on pixels", LogisticRegression(max_iter=1000), _chances),
        ("SVC on pixels", SVC(), _decisions),
    ):
        progress.step(f"baselines: {name}", 1)
        pipeline = make_pipeline(PCA(components, svd_solver="randomized", random_state=seed), model)
        fitted[name] = pipeline.fit(known, photos.labels[training]), ask
        progress.advance(1)
    classes = len(photos.classes)
    return {name: _all_classes(model, ask(model, asked), classes) for name, (model, ask) in fitted.items()}


def _pixels(photos: LabelledPhotos, rows: Rows, progress: Progress) -> NDArray[np.float32]:
    """(len(rows), 12288) of 0 to 1."""
    preparation = PhotoPreparation(SIDE, Fit.SQUASH, SIDE, Resample.BILINEAR, (0.0,) * 3, (255.0,) * 3)
    inputs = PixelInputs(photos, preparation, with_margin=False)
    found: list[NDArray[np.float32]] = [np.empty((0, 3 * SIDE * SIDE), np.float32)]
    for at in range(0, len(rows), _BATCH):
        chunk = rows[at : at + _BATCH]
        found.append(
            inputs.plain(chunk, mirrored=False).flatten(1).numpy().astype(np.float32) / np.float32(255)
        )
        progress.advance(len(chunk))
    return np.concatenate(found)


def _chances(model: Pipeline, pixels: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.asarray(model.predict_proba(pixels))


def _decisions(model: Pipeline, pixels: NDArray[np.float32]) -> NDArray[np.float64]:
    values = np.asarray(model.decision_function(pixels))
    if values.ndim == 1:  # of two classes, the second's alone
        values = np.stack([-values, values], axis=1)
    powers = np.exp(values - values.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def _all_classes(model: Pipeline, chances: NDArray[np.float64], classes: int) -> Probabilities:
    """`chances` with a column for each class, 0 for one that the training photos lack."""
    wide = np.zeros((len(chances), classes), np.float32)
    wide[:, model.classes_] = chances
    return wide
