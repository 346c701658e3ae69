"""The page in Qt's rich text."""

from __future__ import annotations

from base64 import b64decode
from io import BytesIO
from typing import Any

import pytest
from html_page import HtmlPage
from PIL import Image

from CACBoneAxisLib.report.blocks import Details, Link, Page, Paragraph
from CACBoneAxisLib.report.html import page_html
from CACBoneAxisLib.report.richtext import rich_text
from CACBoneAxisLib.report.write import report_page


def pixels_of(source: str) -> tuple[int, int]:
    """Width and height of a picture in a page, as Pillow reads them."""
    return Image.open(BytesIO(b64decode(source.partition(",")[2]))).size


@pytest.fixture
def page(example: Any) -> Page:
    return report_page(example.result, example.image, example.calcium_masks, example.bone_masks)


def test_every_text_of_the_page_stands_in_it_as_often(page: Page) -> None:
    # Hard blanks are the colour keys and bars.
    there = sorted(text for text in HtmlPage(rich_text(page)).texts if text.strip("\xa0 "))
    assert there == sorted(HtmlPage(page_html(page)).texts)
    assert len(there) > 200


def test_only_what_rich_text_knows_is_used(page: Page) -> None:
    rich = rich_text(page)
    for unknown in ("<svg", "display:", "grid", "var(", "<section", "<figure", "<dl", "<script"):
        assert unknown not in rich
    assert rich.count("<img ") == page_html(page).count("<img ")


def test_planted_markup_stays_text(example: Any) -> None:
    planted = "\"'><script>alert(1)</script><img src=x>&amp;"
    example.result["study"]["id"] = planted
    example.result["calcium"]["lesions"][2]["reason"] = planted
    rich = rich_text(report_page(example.result, example.image, example.calcium_masks, example.bone_masks))
    assert "<script" not in rich
    assert "<img src=x" not in rich
    assert rich.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 2


def test_pictures_keep_their_shape_and_fit_the_width(page: Page) -> None:
    wide, narrow = rich_text(page, width_mm=184, dpi=96), rich_text(page, width_mm=100, dpi=96)
    for rich, limit in ((wide, 184), (narrow, 100)):
        for part in rich.split("<img ")[1:]:
            source, width, height = part.split('"')[1:6:2]
            pixels = pixels_of(source)
            assert int(width) <= limit / 25.4 * 96
            assert int(width) / int(height) == pytest.approx(pixels[0] / pixels[1], rel=0.02)


def test_on_paper_every_picture_has_300_pixels_an_inch_and_more_where_it_was_drawn_for_paper(example: Any) -> None:
    parts = (example.result, example.image, example.calcium_masks, example.bone_masks)
    widths = []
    for density in (1, 2):
        rich = rich_text(report_page(*parts, density), dpi=96, picture_dpi=300)
        found = [part.split('"')[1:4:2] for part in rich.split("<img ")[1:]]
        assert all(pixels_of(source)[0] / (int(width) / 96) >= 300 for source, width in found)
        widths.append([int(width) for _, width in found])
    # Three lesions side by side on a text of 184 mm.
    assert widths[1][0] == pytest.approx((184 / 3 - 3) / 25.4 * 96, abs=1)
    assert widths[0][0] < widths[1][0]


def test_what_a_screen_folds_is_whole_on_paper_and_links_are_plain_words() -> None:
    page = Page("t", [], [Details("More", [Paragraph(["see ", Link("bone", "bone")])])])
    assert "<details><summary>More</summary>" in page_html(page)
    assert '<a href="#bone">bone</a>' in page_html(page)
    assert "<h3>More</h3><p>see bone</p>" in rich_text(page)
