"""Looks in closed form: by the definition, by photos that share what the listing does, and at their edges."""

import numpy as np
import pytest
import torch

from bowerbird.encoding.text_encoder import unit_rows
from bowerbird.encoding.whitening import signed_root
from bowerbird.evaluation.same_group import same_group_ranks
from bowerbird.training.listing_looks import _discriminants, _whitening, fit_looks_of
from bowerbird.training.listing_training import ListingTraining

CHOICES = ListingTraining(looks=4, whitened=6)


def shared_and_not(listings: int, seed: int = 0):
    """Three photos a listing: a loud part that differs between them, and a soft one that they share."""
    rng = np.random.default_rng(seed)
    owners = np.repeat(np.arange(listings), 3)
    loud = 10 * rng.random((len(owners), 8))
    soft = np.repeat(rng.random((listings, 5)), 3, axis=0) + 0.05 * rng.random((len(owners), 5))
    return np.concatenate([loud, soft], axis=1).astype(np.float32), owners


def looks_of(looks, features):
    with torch.inference_mode():
        return looks(torch.from_numpy(features)).numpy()


def test_looks_are_what_photos_of_a_listing_share():
    features, owners = shared_and_not(200)
    looks = fit_looks_of(features[:300], owners[:300], (8, 5), CHOICES)
    held, contents = features[300:], np.arange(300)
    learned = same_group_ranks(looks_of(looks, held), owners[300:], contents).found(1).mean()
    roots = signed_root(features)
    centred = unit_rows(roots - roots[:300].mean(axis=0))[300:]
    plain = same_group_ranks(centred, owners[300:], contents).found(1).mean()
    assert learned > 0.9 > plain + 0.3


def test_looks_are_parts_whitened_apart_and_turned():
    features, owners = shared_and_not(40)
    looks = fit_looks_of(features, owners, (8, 5), CHOICES)
    roots = signed_root(features)
    roots -= roots.mean(axis=0)
    sides = []
    for part in (roots[:, :8], roots[:, 8:]):
        variances, directions = np.linalg.eigh(part.T @ part / len(part))
        widest = np.argsort(-variances)[:6]
        sides.append(unit_rows(part @ directions[:, widest] / np.sqrt(variances[widest] + variances.mean())))
    side = np.concatenate(sides, axis=1)
    # The eigenvectors of within^-1 total, by the textbook: of any scale each, so spans are compared.
    side -= side.mean(axis=0)
    within = np.zeros((side.shape[1], side.shape[1]))
    for owner in range(40):
        within += np.cov(side[owners == owner].T)
    within += CHOICES.looks_ridge * np.trace(within) / len(within) * np.eye(len(within))
    values, vectors = np.linalg.eig(np.linalg.solve(within, side.T @ side))
    best = vectors[:, np.argsort(-values.real)[:4]].real
    best /= np.sqrt(np.einsum("ik,ij,jk->k", best, within, best))
    expected = unit_rows((side @ best).astype(np.float32))
    found = looks_of(looks, features)
    np.testing.assert_allclose(found @ found.T, expected @ expected.T, atol=1e-3)


def test_directions_have_the_spread_within_a_listing_of_one():
    rng = np.random.default_rng(1)
    owners = np.repeat(np.arange(500), 2)
    rows = (rng.normal(size=(1000, 4)) * [4, 3, 2, 1]).astype(np.float32)
    rows -= rows.mean(axis=0)
    directions = _discriminants(rows, owners, 1e-6)
    apart = (rows[::2] - rows[1::2]) @ directions
    spread = apart.std(axis=0)
    np.testing.assert_allclose(spread / spread[0], 1, atol=0.05)


def test_rare_directions_get_less():
    rng = np.random.default_rng(0)
    rows = (rng.normal(size=(4000, 3)) * [4, 1, 0.01]).astype(np.float32)
    spread = (rows @ _whitening(rows, 3)).std(axis=0)
    # Variances 16, 1 and 0.0001 have a mean of 5.67: the square roots of 16 / 21.67, 1 / 6.67 and nothing.
    np.testing.assert_allclose(spread, [0.859, 0.387, 0.004], atol=0.02)


@pytest.mark.parametrize("repeated", [False, True])
def test_listings_whose_photos_do_not_differ_leave_the_widest_directions(repeated):
    features, _ = shared_and_not(12)
    features = features[::3]
    owners = np.arange(12)
    if repeated:
        features, owners = np.repeat(features, 2, axis=0), np.repeat(owners, 2)
    found = looks_of(fit_looks_of(features, owners, (8, 5), CHOICES), features)
    assert found.shape == (len(features), 4)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)


def test_narrow_features_leave_numbers_at_zero():
    features, owners = shared_and_not(12)
    found = looks_of(fit_looks_of(features[:, :2], owners, (2,), CHOICES), features[:, :2])
    np.testing.assert_allclose(found[:, 2:], 0, atol=1e-7)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
