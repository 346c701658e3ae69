"""What a reader does to one scan: choices, edits, undo, trail, lock, rescoring; the scene and no widget."""
