"""Batch analysis of many studies, and cohort statistics of the results."""
