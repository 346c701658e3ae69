"""Convert scene nodes to values and back; imports slicer and vtk, but no widgets."""
