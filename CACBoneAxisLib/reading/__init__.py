"""Implement a reader's work on one scan, without widgets.

Choices, edits, undo, trail, lock and rescoring on the nodes of the scene.
"""
