"""Where a photo's content lies within black or white bars that some app put around it."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]  # (h, w, 3) RGB
Box = tuple[int, int, int, int]  # left, top, right, bottom, as PIL counts

BLACK_UP_TO = 28  # per channel; a JPEG's bar is not quite black near its edge
WHITE_FROM = 240
BAR_PIXELS = 0.99  # of a bar's line are of the bar's colour
CONTENT_PIXELS = (
    0.8  # of the first lines of content are not: a bar ends all along its edge, a backdrop does not
)
BLENDED_LINES = 2  # between the bar and the first line that counts as content
NARROWEST_BAR = 0.02  # of the side
LEAST_CONTENT = 0.3  # of the side


def content_box(image: Image) -> Box | None:
    """The box inside the bars; None where there are none.

    Bars come in pairs, opposite each other, of one colour and of about equal width, and end sharply all
    along. So a thing on a white table keeps its table, and a night sky its sky.
    """
    height, width = image.shape[:2]
    left, top, right, bottom = 0, 0, width, height
    while True:
        first, last = _content_lines(image[top:bottom, left:right])
        first_column, last_column = _content_lines(image[top + first : top + last, left:right].swapaxes(0, 1))
        found = (left + first_column, top + first, left + last_column, top + last)
        if found == (left, top, right, bottom):
            return None if found == (0, 0, width, height) else found
        left, top, right, bottom = found


def _content_lines(lines: Image) -> tuple[int, int]:
    """The first line of content and the one after the last, of (n, m, 3) lines; (0, n) without bars."""
    for is_bar in (_is_black, _is_white):
        if _share(lines[:1], is_bar)[0] >= BAR_PIXELS and _share(lines[-1:], is_bar)[0] >= BAR_PIXELS:
            share = _share(lines, is_bar)
            content = np.flatnonzero(share < BAR_PIXELS)
            if len(content) and _are_bars(share, int(content[0]), int(content[-1]) + 1):
                return int(content[0]), int(content[-1]) + 1
    return 0, len(lines)


def _are_bars(share: NDArray[np.float64], first: int, last: int) -> bool:
    n = len(share)
    head, tail = first, n - last
    if min(head, tail) < max(2, NARROWEST_BAR * n) or abs(head - tail) > max(3, 0.1 * max(head, tail)):
        return False
    if last - first < max(LEAST_CONTENT * n, 2 * BLENDED_LINES + 2):
        return False
    edges = share[[first + BLENDED_LINES, last - 1 - BLENDED_LINES]]
    return bool(np.all(edges <= 1 - CONTENT_PIXELS))


def _share(lines: Image, is_bar: Callable[[Image], NDArray[np.bool_]]) -> NDArray[np.float64]:
    """(n,) the part of each line's pixels that is of the bar's colour."""
    share: NDArray[np.float64] = is_bar(lines).mean(axis=1)
    return share


def _is_black(lines: Image) -> NDArray[np.bool_]:
    return np.asarray(lines.max(axis=2) <= BLACK_UP_TO)


def _is_white(lines: Image) -> NDArray[np.bool_]:
    return np.asarray(lines.min(axis=2) >= WHITE_FROM)
