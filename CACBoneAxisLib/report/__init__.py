"""The result as a page, tables, figures and segmentation files."""
