"""Show the page of a result in a QTextBrowser."""

from __future__ import annotations

from typing import Any

from CACBoneAxisLib.report.blocks import Page
from CACBoneAxisLib.report.richtext import SCREEN_DPI, rich_text
from CACBoneAxisLib.report.write import report_page
from CACBoneAxisLib.study.result import StudyResult

MM_PER_INCH = 25.4
# Width taken by the browser's scroll bar and margins.
MARGIN_PIXELS = 40
NARROWEST_PIXELS = 360


def show_page(browser: Any, page: Page) -> None:
    """Show a page in a QTextBrowser at its full width."""
    pixels = max(browser.width - MARGIN_PIXELS, NARROWEST_PIXELS)
    browser.setOpenLinks(False)
    browser.setHtml(rich_text(page, pixels / SCREEN_DPI * MM_PER_INCH))


def page_of(result: StudyResult) -> Page:
    """Return the page of a result as it is saved."""
    return report_page(result.to_dict(), result.image, result.calcium_masks, result.bone_masks)
