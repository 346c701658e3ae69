"""Levels, trabecular measurement, calibration and references of vertebral bone density."""
