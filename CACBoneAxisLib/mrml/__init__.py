"""Scene in, scene out: the only room that imports slicer and vtk."""
