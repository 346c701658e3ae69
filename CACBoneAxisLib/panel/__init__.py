"""Sections of the panel in Slicer: the only room that imports qt and ctk."""
