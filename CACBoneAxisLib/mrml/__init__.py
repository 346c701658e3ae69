"""Scene in, scene out: nodes to values and back; it imports slicer and vtk, and no widget."""
