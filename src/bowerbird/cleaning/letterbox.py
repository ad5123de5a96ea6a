"""Where a photo's content lies within black or white bars that some app put around it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Mask = NDArray[np.bool_]  # (h, w)
Box = tuple[int, int, int, int]  # left, top, right, bottom, as PIL counts

BLACK_LUMA_UP_TO, BLACK_UP_TO = 24, 64  # a JPEG blurs colour across a bar's edge further than brightness
WHITE_LUMA_FROM, WHITE_FROM = 238, 192
BAR_PIXELS = 0.99  # of a bar's outer line are of the bar's colour
CONTENT_PIXELS = 0.8  # of a line of content soon after are not: a bar ends all along, a backdrop does not
RINGING_LINES = 8  # a JPEG's block: so far in, a bar's lines may be spotted
NARROWEST_BAR = 0.02  # of the side
LEAST_CONTENT = 0.3  # of the side


def content_box(image: Image.Image) -> Box | None:
    """The box inside the bars of an RGB image; None where there are none.

    Bars come in pairs, opposite each other, of one colour and of about equal width, and end sharply all
    along. So a thing on a white table keeps its table, and a night sky its sky.
    """
    luma = np.asarray(image.convert("L"))
    if not any(_could_have_bars(lines) for lines in (luma, luma.T)):
        return None
    pixels = np.asarray(image)
    masks = (
        (luma <= BLACK_LUMA_UP_TO) & (pixels.max(axis=2) <= BLACK_UP_TO),
        (luma >= WHITE_LUMA_FROM) & (pixels.min(axis=2) >= WHITE_FROM),
    )
    whole = left, top, right, bottom = 0, 0, image.width, image.height
    while True:
        first, last = _content_lines([mask[top:bottom, left:right] for mask in masks])
        columns = [mask[top + first : top + last, left:right].T for mask in masks]
        first_column, last_column = _content_lines(columns)
        found = (left + first_column, top + first, left + last_column, top + last)
        if found == (left, top, right, bottom):
            return None if found == whole else found
        left, top, right, bottom = found


def _could_have_bars(luma: NDArray[np.uint8]) -> bool:
    """Whether the first and the last line are both black or both white; quick, and most photos end here."""
    edges = luma[[0, -1]]
    black, white = edges <= BLACK_LUMA_UP_TO, edges >= WHITE_LUMA_FROM
    return any(bool(np.all(bar.mean(axis=1) >= BAR_PIXELS)) for bar in (black, white))


def _content_lines(masks: Sequence[Mask]) -> tuple[int, int]:
    """The first line of content and the one after the last; (0, n) without bars.

    Args:
        masks: for each colour of bars, (n, m) True where a pixel has it.
    """
    n = len(masks[0])
    for mask in masks:
        share = mask.mean(axis=1)
        if min(share[0], share[-1]) < BAR_PIXELS:
            continue
        head, tail = _bar_width(share), _bar_width(share[::-1])
        wide_enough = min(head, tail) >= max(2, NARROWEST_BAR * n)
        alike = abs(head - tail) <= max(3, 0.1 * max(head, tail))
        if wide_enough and alike and n - head - tail >= LEAST_CONTENT * n:
            return head, n - tail
    return 0, n


def _bar_width(share: NDArray[np.float64]) -> int:
    """How many lines from the first on are a bar; 0 where they do not end sharply.

    Args:
        share: (n,) the part of each line's pixels that is of the bar's colour.
    """
    spotted = int(np.argmax(share < BAR_PIXELS))
    ringing = share[spotted : spotted + RINGING_LINES]
    if not np.any(ringing <= 1 - CONTENT_PIXELS):
        return 0
    return spotted + int(np.argmax(ringing < 0.5))
