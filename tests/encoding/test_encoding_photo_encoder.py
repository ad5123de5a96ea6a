"""Photos to features: batch against single, bytes against arrays, order, and what is refused."""

import io

import numpy as np
import pytest
from PIL import Image

from bowerbird.encoding.network import resolve_precision
from bowerbird.encoding.photo_encoder import PhotoEncoder
from bowerbird.errors import InputError, MismatchError


def cosines(a, b):
    return (a * b).sum(axis=1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)


def jpeg(photo, quality=95):
    buffer = io.BytesIO()
    Image.fromarray(photo).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def test_a_batch_equals_its_photos_one_by_one_in_f32(photo_encoder, photos):
    single = np.concatenate([photo_encoder.encode([photo]) for photo in photos])
    batch = photo_encoder.encode(photos)
    assert batch.dtype == np.float32
    assert batch.shape == (len(photos), photo_encoder.dimension)
    np.testing.assert_allclose(batch, single, rtol=1e-4, atol=1e-5)
    assert len(np.unique(batch.round(3), axis=0)) == len(photos)
