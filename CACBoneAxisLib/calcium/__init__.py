"""Protocol, candidates, lesions, scoring and categories of coronary calcium."""
