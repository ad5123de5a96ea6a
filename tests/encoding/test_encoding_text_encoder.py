"""Texts to unit vectors: batch against single, order, meaning, empty texts, and what is refused."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.encoding.text_encoder import TextEncoder, length_batches, unit_rows
from bowerbird.errors import InputError, MismatchError

TEXTS = [
    "red sofa",
    "a comfortable crimson couch for three",
    "mountain bike, 21 gears, disc brakes " * 9,
    "washing machine",
    "Bosch washer dryer 8kg, A+++, two years old. " * 40,
    "ß é 東京 🛋 £20",
    "bicycle",
]


def test_a_batch_equals_its_texts_one_by_one_in_f32(text_encoder):
    single = np.concatenate([text_encoder.encode([text]) for text in TEXTS])
    np.testing.assert_allclose(text_encoder.encode(TEXTS * 8), np.tile(single, (8, 1)), rtol=0, atol=1e-5)


def test_a_batch_equals_its_texts_one_by_one_at_the_best_precision(text_artefact, cosines):
    encoder = TextEncoder(text_artefact, "auto")
    single = np.concatenate([encoder.encode([text]) for text in TEXTS])
    assert cosines(encoder.encode(TEXTS * 3), np.tile(single, (3, 1))).min() >= 0.9999


@pytest.mark.usefixtures("has_bf16")
def test_bf16_says_what_f32_says(text_artefact, text_encoder, cosines):
    encoder = TextEncoder(text_artefact, "bf16")
    assert cosines(encoder.encode(TEXTS), text_encoder.encode(TEXTS)).min() >= 0.999
    assert encoder.fingerprint != text_encoder.fingerprint


def test_vectors_have_length_1_and_like_texts_lie_close(text_encoder):
    vectors = text_encoder.encode(TEXTS)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-6)
    similarity = vectors @ vectors.T
    np.fill_diagonal(similarity, -1)
    assert similarity.argmax(axis=1)[[0, 1, 2, 3, 4, 6]].tolist() == [1, 0, 6, 4, 3, 2]


def test_an_empty_text_has_the_zero_vector(text_encoder):
    vectors = text_encoder.encode(["", "sofa", " \n\t"])
    assert not vectors[[0, 2]].any()
    np.testing.assert_array_equal(vectors[1], text_encoder.encode(["sofa"])[0])
    assert not text_encoder.encode(["  "]).any()
    assert text_encoder.encode([]).shape == (0, text_encoder.dimension)


@pytest.mark.parametrize("text", [*TEXTS, " "])
def test_a_text_is_encoded_while_its_caller_does_something_else(text_encoder, text):
    with text_encoder.encoding(text) as vector:
        meanwhile = text_encoder.encode(["something else"])
        found = vector()
    np.testing.assert_allclose(found, text_encoder.encode([text])[0], rtol=0, atol=1e-5)
    np.testing.assert_allclose(meanwhile, text_encoder.encode(["something else"]), rtol=0, atol=1e-5)


def test_a_caller_that_fails_meanwhile_leaves_the_encoder_usable(text_encoder):
    before = text_encoder.encode(["red sofa"])
    with pytest.raises(OSError, match="gone"), text_encoder.encoding("bicycle"):
        raise OSError("gone")
    np.testing.assert_allclose(text_encoder.encode(["red sofa"]), before, rtol=0, atol=1e-5)


def test_only_the_first_tokens_are_read(text_artefact, text_encoder):
    short = TextEncoder(text_artefact, "f32", max_length=8)
    assert short.fingerprint != text_encoder.fingerprint
    a, b = short.encode(["one two three four five six seven", "one two three four five six"])
    np.testing.assert_allclose(a, b, atol=1e-6)
    a, b = text_encoder.encode(["one two three four five six seven", "one two three four five six"])
    assert a @ b < 0.999


def test_calls_from_many_threads_do_not_mix(text_encoder):
    expected = text_encoder.encode(TEXTS)
    order = [number % len(TEXTS) for number in range(56)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda number: text_encoder.encode([TEXTS[number]])[0], order))
    np.testing.assert_allclose(np.stack(found), expected[order], atol=1e-5)


def test_a_photo_network_and_an_impossible_length_are_refused(photo_artefact, text_artefact):
    with pytest.raises(MismatchError, match="holds a photo network; a text network is needed"):
        TextEncoder(photo_artefact)
    with pytest.raises(InputError, match="max_length 4096 must lie between 3 and the 128 tokens"):
        TextEncoder(text_artefact, max_length=4096)
    with pytest.raises(InputError, match="max_length 2 "):
        TextEncoder(text_artefact, max_length=2)


@given(st.lists(st.integers(1, 200), max_size=60), st.integers(1, 500))
def test_length_batches_hold_each_text_once_and_few_tokens(lengths, tokens):
    batches = list(length_batches(lengths, tokens))
    assert sorted(position for batch in batches for position in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) == 1 or len(batch) * max(lengths[position] for position in batch) <= tokens
    ordered = [lengths[position] for batch in batches for position in batch]
    assert ordered == sorted(lengths, reverse=True)


def test_unit_rows_leaves_zero_alone():
    rows = unit_rows(np.array([[3, 4], [0, 0]], np.float32))
    np.testing.assert_allclose(rows, [[0.6, 0.8], [0, 0]], rtol=1e-6)
