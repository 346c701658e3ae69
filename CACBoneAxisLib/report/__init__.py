"""The result as a page, tables, figures and segmentation files."""

from CACBoneAxisLib.report.terminal import terminal_summary
from CACBoneAxisLib.report.write import FILES, write_reports

__all__ = ["FILES", "terminal_summary", "write_reports"]
