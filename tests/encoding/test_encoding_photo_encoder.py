"""Photos to features: batch against single, bytes against arrays, order, threads, and what is refused."""

import io
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from bowerbird.encoding.photo_encoder import PhotoEncoder
from bowerbird.errors import InputError, MismatchError


def png(photo):
    buffer = io.BytesIO()
    Image.fromarray(photo).save(buffer, "PNG")
    return buffer.getvalue()


def test_a_batch_equals_its_photos_one_by_one_in_f32(photo_encoder, photos):
    single = np.concatenate([photo_encoder.encode([photo]) for photo in photos])
    batch = photo_encoder.encode(photos)
    assert batch.dtype == np.float32
    assert batch.shape == (len(photos), photo_encoder.dimension)
    np.testing.assert_allclose(batch, single, rtol=1e-5, atol=1e-5)
    assert len(np.unique(batch.round(3), axis=0)) == len(photos)


def test_a_batch_equals_its_photos_one_by_one_at_the_best_precision(photo_artefact, photos, cosines):
    encoder = PhotoEncoder(photo_artefact, "auto")
    single = np.concatenate([encoder.encode([photo]) for photo in photos])
    assert cosines(encoder.encode(photos), single).min() >= 0.9999


@pytest.mark.usefixtures("has_bf16")
def test_bf16_says_what_f32_says(photo_artefact, photo_encoder, photos, cosines):
    encoder = PhotoEncoder(photo_artefact, "bf16")
    assert cosines(encoder.encode(photos), photo_encoder.encode(photos)).min() >= 0.99
    assert encoder.fingerprint != photo_encoder.fingerprint


def test_arrays_images_and_files_of_one_photo_have_one_vector(photo_encoder, photos):
    photo = photos[0]
    array, image, file = photo_encoder.encode([photo, Image.fromarray(photo), png(photo)])
    np.testing.assert_array_equal(array, image)
    np.testing.assert_array_equal(array, file)


def test_no_photos_have_no_vectors(photo_encoder):
    assert photo_encoder.encode([]).shape == (0, photo_encoder.dimension)


def test_a_stream_keeps_order_and_keys_in_batches(photo_encoder, photos):
    items = [(f"photo-{number}", photos[number % len(photos)]) for number in range(23)]
    batches = list(photo_encoder.encode_stream(iter(items), batch=5))
    assert [len(keys) for keys, _ in batches] == [5, 5, 5, 5, 3]
    assert [key for keys, _ in batches for key in keys] == [key for key, _ in items]
    expected = photo_encoder.encode([photo for _, photo in items])
    np.testing.assert_allclose(np.concatenate([rows for _, rows in batches]), expected, rtol=1e-5, atol=1e-5)


def test_a_stream_reads_only_a_few_batches_ahead(photo_encoder, photos):
    taken = 0

    def endless():
        nonlocal taken
        while True:
            taken += 1
            yield taken, photos[0]

    stream = photo_encoder.encode_stream(endless(), batch=2)
    next(stream)
    stream.close()
    assert taken < 40


def test_a_stream_that_is_left_early_leaves_no_threads(photo_encoder, photos):
    before = threading.active_count()
    stream = photo_encoder.encode_stream(enumerate(photos), batch=2)
    next(stream)
    stream.close()
    assert threading.active_count() <= before


def test_calls_from_many_threads_do_not_mix(photo_encoder, photos):
    expected = photo_encoder.encode(photos)
    order = [number % len(photos) for number in range(48)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda number: photo_encoder.encode([photos[number]])[0], order))
    np.testing.assert_allclose(np.stack(found), expected[order], rtol=1e-5, atol=1e-5)


def test_streams_and_calls_at_the_same_time_do_not_mix(photo_encoder, photos):
    expected = photo_encoder.encode(photos)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(photo_encoder.encode, [photos] * 3 + [photos[:1]] * 3))
    for rows in found:
        np.testing.assert_allclose(rows, expected[: len(rows)], rtol=1e-5, atol=1e-5)


def test_a_broken_photo_is_named_by_its_key(photo_encoder, photos):
    items = [("fine", photos[0]), ("torn", png(photos[1])[:100]), ("fine too", photos[2])]
    with pytest.raises(InputError, match=r"photo 'torn': the photo \(100 bytes\) cannot be read"):
        list(photo_encoder.encode_stream(items))
    assert photo_encoder.encode([photos[0]]).shape == (1, photo_encoder.dimension)


def test_a_text_network_is_refused(text_artefact):
    with pytest.raises(MismatchError, match="holds a text network; a photo network is needed"):
        PhotoEncoder(text_artefact)


def test_a_batch_of_none_is_refused(photo_encoder, photos):
    with pytest.raises(InputError, match="batch=0"):
        list(photo_encoder.encode_stream(enumerate(photos), batch=0))
