"""Coronary calcium and vertebral bone density from one CT.

Everything that computes lives here; importing it does no work. Start at
:mod:`CACBoneAxisLib.study` (``StudyInputs -> analyze() -> StudyResult``).
"""

__version__ = "0.1.0"
