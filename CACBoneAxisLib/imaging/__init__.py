"""CT image and geometry, reading, acquisition, suitability, regions, Slicer's markup files."""
