"""A digital torso whose calcium and bone are known."""
