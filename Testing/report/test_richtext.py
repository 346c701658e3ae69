"""The page in Qt's rich text."""

from __future__ import annotations

from typing import Any

import pytest

from CACBoneAxisLib.report.pagetree import texts
from CACBoneAxisLib.report.raster import data_uri
from CACBoneAxisLib.report.richtext import png_size, rich_text
from CACBoneAxisLib.report.write import report_page


@pytest.fixture
def page(example: Any) -> str:
    return report_page(example.result, example.image, example.calcium_masks, example.bone_masks)


def test_every_text_of_the_page_stands_in_it_as_often(page: str) -> None:
    # Hard blanks are the colour keys and bars.
    there = sorted(text for text in texts(rich_text(page)) if text.strip("\xa0 "))
    assert there == sorted(texts(page))
    assert len(there) > 200


def test_only_what_rich_text_knows_is_used(page: str) -> None:
    rich = rich_text(page)
    for unknown in ("<svg", "display:", "grid", "var(", "<section", "<figure", "<dl", "<script"):
        assert unknown not in rich
    assert rich.count("<img ") == page.count("<img ")


def test_planted_markup_stays_text(example: Any) -> None:
    planted = "\"'><script>alert(1)</script><img src=x>&amp;"
    example.result["study"]["id"] = planted
    example.result["calcium"]["lesions"][2]["reason"] = planted
    rich = rich_text(report_page(example.result, example.image, example.calcium_masks, example.bone_masks))
    assert "<script" not in rich
    assert "<img src=x" not in rich
    assert rich.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 2


def test_pictures_keep_their_shape_and_fit_the_width(page: str) -> None:
    wide, narrow = rich_text(page, width_mm=184, dpi=96), rich_text(page, width_mm=100, dpi=96)
    for rich, limit in ((wide, 184), (narrow, 100)):
        for part in rich.split("<img ")[1:]:
            source, width, height = part.split('"')[1:6:2]
            pixels = png_size(source)
            assert int(width) <= limit / 25.4 * 96
            assert int(width) / int(height) == pytest.approx(pixels[0] / pixels[1], rel=0.02)


def test_on_paper_every_picture_has_300_pixels_an_inch_and_more_where_it_was_drawn_for_paper(example: Any) -> None:
    parts = (example.result, example.image, example.calcium_masks, example.bone_masks)
    widths = []
    for density in (1, 2):
        rich = rich_text(report_page(*parts, density), dpi=96, picture_dpi=300)
        found = [part.split('"')[1:4:2] for part in rich.split("<img ")[1:]]
        assert all(png_size(source)[0] / (int(width) / 96) >= 300 for source, width in found)
        widths.append([int(width) for _, width in found])
    # Three lesions side by side on a text of 184 mm.
    assert widths[1][0] == pytest.approx((184 / 3 - 3) / 25.4 * 96, abs=1)
    assert widths[0][0] < widths[1][0]


def test_the_size_of_a_png_is_read_from_its_head(example: Any) -> None:
    from PIL import Image

    from CACBoneAxisLib.report.raster import png_bytes

    assert png_size(data_uri(png_bytes(Image.new("RGB", (321, 45))))) == (321, 45)
