"""Drawing: crops in millimetres, scale bars, overlays."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from CACBoneAxisLib.report.raster import (
    Pen,
    View,
    Window,
    canvas,
    density,
    draw_scale_bar,
    overlay,
    pasted,
    png_bytes,
    screen_size,
    windowed,
)

# A drawn border may fall one pixel beside the exact place.
PIXEL = 1


def box(mask: np.ndarray) -> tuple[int, int, int, int]:
    rows, columns = np.nonzero(mask)
    return int(rows.min()), int(rows.max()) + 1, int(columns.min()), int(columns.max()) + 1


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (5.0, 0.6269531), (0.4, 2.5)])
def test_a_square_in_the_patient_is_a_square_in_the_picture_whatever_the_voxels(spacing: tuple[float, float]) -> None:
    shape = tuple(round(200 / s) for s in spacing)
    rows, columns = (np.arange(n) - n // 2 for n in shape)
    plane = (np.abs(rows * spacing[0]) < 20)[:, None] & (np.abs(columns * spacing[1]) < 20)[None, :]
    view = View((shape[0] // 2, shape[1] // 2), spacing, (80.0, 80.0), 4.0)
    top, bottom, left, right = box(view.resampled(plane, smooth=False) > 0)
    used = [int(plane.any(axis=1 - axis).sum()) * spacing[axis] * 4.0 for axis in range(2)]
    assert bottom - top == pytest.approx(used[0], abs=2 * PIXEL)
    assert right - left == pytest.approx(used[1], abs=2 * PIXEL)
    assert ((top + bottom) / 2, (left + right) / 2) == pytest.approx((160, 160), abs=PIXEL)


def test_a_pixel_centre_is_drawn_where_the_view_says() -> None:
    plane = np.zeros((40, 50))
    plane[12, 33] = 1
    view = View((15.0, 30.0), (2.0, 1.0), (30.0, 30.0), 8.0)
    top, bottom, left, right = box(view.resampled(plane, smooth=False) > 0)
    assert view.point(12, 33) == pytest.approx(((left + right) / 2, (top + bottom) / 2), abs=PIXEL)
    moved = view.moved(10, 30).resampled(plane[10:, 30:], smooth=False)
    assert np.array_equal(moved, view.resampled(plane, smooth=False))


def test_beyond_the_scan_the_picture_is_air_and_not_a_repeated_border() -> None:
    plane = np.full((20, 20), 300.0)
    drawn = View((0.0, 0.0), (1.0, 1.0), (10.0, 10.0), 4.0).resampled(plane, smooth=True)
    assert drawn[2, 2] == -1000
    assert drawn[-3, -3] == pytest.approx(300)
    assert np.all(View((500.0, 500.0), (1.0, 1.0), (10.0, 10.0), 4.0).resampled(plane, smooth=True) == -1000)


@pytest.mark.parametrize(("length_mm", "pixels_per_mm"), [(20.0, 6.0), (5.0, 7.5), (20.0, 4.5)])
def test_the_scale_bar_is_as_long_as_it_says(length_mm: float, pixels_per_mm: float) -> None:
    picture = Image.new("RGB", (480, 480), (90, 90, 90))
    draw_scale_bar(Pen(picture), picture.size, length_mm, pixels_per_mm)
    row = np.asarray(picture)[480 - 8 - 2]
    assert np.count_nonzero((row == 255).all(axis=1)) == round(length_mm * pixels_per_mm)


def test_the_window_goes_from_black_to_white() -> None:
    grey = windowed(np.array([[-251, -250, 150, 550, 3000]]), Window(800, 150))[0, :, 0]
    assert list(grey) == [0, 0, 127, 255, 255]


def test_an_overlay_is_solid_at_its_border_translucent_inside_and_nowhere_else() -> None:
    picture = np.full((30, 30, 3), 100, dtype=np.uint8)
    mask = np.zeros((30, 30), dtype=bool)
    mask[5:25, 5:25] = True
    overlay(picture, mask, (255, 0, 0), fill=0.5)
    assert tuple(picture[5, 5]) == (255, 0, 0)
    assert tuple(picture[15, 15]) == (177, 50, 50)
    assert tuple(picture[4, 4]) == (100, 100, 100)


def test_the_same_picture_gives_the_same_bytes() -> None:
    picture = Image.new("RGB", (20, 10), (1, 2, 3))
    assert png_bytes(picture) == png_bytes(picture)
    assert Image.open(io.BytesIO(png_bytes(picture))).size == (20, 10)


def drawing() -> Image.Image:
    picture = canvas((60, 40), (10, 20, 30))
    pen = Pen(picture)
    pen.rectangle((5, 5, 20, 30), fill=(200, 0, 0))
    pen.polygon(((30, 5), (50, 5), (40, 30)), fill=(0, 200, 0))
    pen.line([(5, 35), (55, 35)], fill=(0, 0, 200), width=3)
    pen.ellipse((50, 20, 58, 28), outline=(255, 255, 255), width=2)
    return picture


def test_for_paper_the_same_drawing_has_more_pixels() -> None:
    screen = drawing()
    with density(3):
        paper = drawing()
        assert screen_size(paper) == (60, 40)
        both = canvas((120, 40), (0, 0, 0))
        pasted(both, paper, (60, 0))
    assert paper.size == (180, 120)
    assert both.getpixel((180 + 30, 30)) == paper.getpixel((30, 30))
    shrunk = np.asarray(paper.resize((60, 40), Image.Resampling.BOX)).astype(int)
    apart = np.abs(shrunk - np.asarray(screen)).max(axis=2)
    # Edges differ by less than a pixel of the screen.
    assert np.count_nonzero(apart > 40) < 0.12 * apart.size
    assert canvas((1, 1), (0, 0, 0)).size == (1, 1)
