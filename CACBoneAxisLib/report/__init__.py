"""The result as a page, tables, figures and segmentation files."""

from CACBoneAxisLib.report.html import page_html
from CACBoneAxisLib.report.numbers import QUANTITIES, format_value, stored
from CACBoneAxisLib.report.terminal import terminal_summary
from CACBoneAxisLib.report.write import FILES, write_reports

__all__ = ["FILES", "QUANTITIES", "format_value", "page_html", "stored", "terminal_summary", "write_reports"]
