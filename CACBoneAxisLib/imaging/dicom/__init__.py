"""DICOM folders as CT volumes: files, series, slices in order, pixels in HU."""
