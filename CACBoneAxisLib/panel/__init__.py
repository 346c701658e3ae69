"""Implement the Slicer panel's sections; only this package imports qt and ctk."""
