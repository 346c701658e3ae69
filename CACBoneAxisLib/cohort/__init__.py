"""Many studies: the batch that analyses them, and the statistics of its results."""
