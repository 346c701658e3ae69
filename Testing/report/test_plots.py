import numpy as np
import pytest
from PIL import Image

from CACBoneAxisLib.report.plots import Plot, side_by_side, stacked, ticks


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0, 10, [0, 2, 4, 6, 8, 10]), (-110, 470, [-100, 0, 100, 200, 300, 400]), (0.1, 1.0, [0.2, 0.4, 0.6, 0.8, 1.0])],
)
def test_ticks_are_round_and_lie_within(low, high, expected):
    assert ticks(low, high) == pytest.approx(expected)


def test_values_are_drawn_where_they_lie():
    plot = Plot.empty((400, 300), "title", ("x", "y"), [0, 10], [0, 100])
    low, high = plot.place(plot.x_range[0], plot.y_range[0]), plot.place(plot.x_range[1], plot.y_range[1])
    assert plot.place(5, 50) == pytest.approx(((low[0] + high[0]) / 2, (low[1] + high[1]) / 2))
    plot.dot(5, 50, (255, 0, 0))
    pixels = np.asarray(plot.picture).astype(int)
    red = np.argwhere((pixels[..., 0] > 200) & (pixels[..., 1] < 80))
    # Within a pixel: drawing rounds to whole pixels.
    assert red.mean(axis=0)[::-1] == pytest.approx(plot.place(5, 50), abs=1)


def test_pictures_stand_side_by_side():
    plots = [Plot.empty((100, 200), "", ("", ""), [0, 1], [0, 1]).picture for _ in range(3)]
    assert side_by_side(plots, gap=5).size == (310, 200)


def test_pictures_are_stacked_from_the_left():
    random = np.random.default_rng(3)
    first, second = (random.integers(0, 255, (*shape, 3), dtype=np.uint8) for shape in ((4, 5), (2, 7)))
    both = np.asarray(stacked([Image.fromarray(first), Image.fromarray(second)], 3))
    assert both.shape == (9, 7, 3)
    assert np.array_equal(both[:4, :5], first)
    assert np.array_equal(both[7:], second)
    assert np.all(both[4:7] == 255)
