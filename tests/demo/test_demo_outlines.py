"""Outlines, cameras and canvases, against plain geometry."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bowerbird.demo.camera import Camera, frame, rotation
from bowerbird.demo.canvas import Canvas, Gradient, lit
from bowerbird.demo.outlines import circle, hull, rectangle, spline

_angles = st.floats(-0.6, 0.6)


def _area(points):
    x, y = points.T
    return abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2


@given(st.lists(st.tuples(st.integers(-50, 50), st.integers(-50, 50)), min_size=4, max_size=40, unique=True))
def test_no_point_lies_outside_the_hull(points):
    cloud = np.array(points, np.float64)
    if np.linalg.matrix_rank(cloud - cloud[0]) < 2:
        return
    corners = hull(cloud)
    edges = np.roll(corners, -1, axis=0) - corners
    away = cloud[:, None, :] - corners[None, :, :]
    turns = edges[None, :, 0] * away[:, :, 1] - edges[None, :, 1] * away[:, :, 0]
    assert turns.min() >= -1e-9


def test_a_spline_passes_through_its_knots():
    knots = np.array([(0, 0), (2, 1), (3, 4), (-1, 2)], np.float64)
    curve = spline(knots, steps=8)
    assert np.allclose(curve[::8], knots)
    open_curve = spline(knots, closed=False, steps=5)
    assert np.allclose(open_curve[-1], knots[-1])


def test_rounding_takes_the_corners_off_a_rectangle():
    # four corners lose (1 - pi / 4) r^2 each; the quarter circles are 7-point polygons, a little smaller
    expected = 8 * 4 - (4 - np.pi) * 1.0
    assert _area(rectangle(0, 0, 8, 4, 1.0)) == pytest.approx(expected, rel=0.002)


@given(_angles, _angles, st.floats(-0.2, 0.2))
def test_the_plane_homography_agrees_with_projecting_point_by_point(yaw, pitch, roll):
    camera = Camera(rotation(yaw, pitch, roll), np.array([0.1, 0.4, 0.0]), 5.0, 700.0, (320.0, 240.0))
    origin, u, v = np.array([-0.5, 0.0, 0.3]), np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.6, -0.8])
    local = np.array([(0.0, 0.0), (0.7, 0.2), (-0.3, 0.9)])
    slow = camera.project(origin + local[:, :1] * u + local[:, 1:] * v)
    seen = np.column_stack([local, np.ones(3)]) @ camera.plane_to_pixels(origin, u, v).T
    assert np.allclose(seen[:, :2] / seen[:, 2:], slow)


@given(_angles, st.floats(0.0, 0.5), st.floats(0.3, 0.9))
def test_a_framed_box_fills_the_share_that_was_asked_for(yaw, pitch, fill):
    size, pixels = (1.2, 0.8, 0.5), (640, 480)
    camera = frame(rotation(yaw, pitch), size, pixels, fill=fill)
    corners = [(x, y, z) for x in (-0.6, 0.6) for y in (0, 0.8) for z in (-0.25, 0.25)]
    placed = camera.project(corners)
    taken = (placed.max(axis=0) - placed.min(axis=0)) / pixels
    assert taken.max() == pytest.approx(fill)
    assert (placed.max(axis=0) + placed.min(axis=0)) / 2 == pytest.approx((320, 240))


def test_a_filled_circle_covers_its_area():
    image = Image.new("RGB", (100, 100))
    Canvas(image).fill([circle(50, 50, 30, 96)], (255, 255, 255))
    covered = np.asarray(image, np.float64)[..., 0].sum() / 255
    assert covered == pytest.approx(np.pi * 30**2, rel=0.02)


def test_what_is_cut_away_stays_as_it_was():
    image = Image.new("RGB", (60, 60), (9, 9, 9))
    left = rectangle(0, 0, 30, 60)
    Canvas(image).fill([rectangle(10, 10, 50, 50)], (200, 0, 0), within=left, holes=[circle(20, 30, 5)])
    assert image.getpixel((15, 15)) == (200, 0, 0)
    assert image.getpixel((45, 30)) == (9, 9, 9)
    assert image.getpixel((20, 30)) == (9, 9, 9)


def test_what_lies_off_the_photo_is_left_out():
    image = Image.new("RGB", (20, 20), (1, 2, 3))
    canvas = Canvas(image)
    canvas.fill([rectangle(30, 30, 50, 50)], (255, 255, 255))
    canvas.stroke([rectangle(-50, -50, -30, -30)], 3, (255, 255, 255))
    assert np.unique(np.asarray(image).reshape(-1, 3), axis=0).tolist() == [[1, 2, 3]]


def test_a_gradient_runs_from_its_first_colour_to_its_last():
    image = Gradient(((0, 0, 0), (200, 100, 0)), (0, 0), (100, 0)).image((0, 0, 101, 2))
    assert image.getpixel((0, 0)) == (0, 0, 0)
    assert image.getpixel((100, 1)) == (200, 100, 0)
    red = np.asarray(image)[0, :, 0].astype(int)
    assert np.abs(red - 2 * np.arange(101)).max() <= 2


def test_light_darkens_below_one_and_whitens_above():
    assert lit((100, 50, 0), 0.5) == (50, 25, 0)
    assert lit((100, 50, 0), 1.0) == (100, 50, 0)
    assert min(np.subtract(lit((100, 50, 0), 1.3), (100, 50, 0))) > 0
