"""Coronary calcium and vertebral bone density from one CT.

Everything that computes lives here; importing it does no work. Start at
:mod:`CACBoneAxisLib.study` (``StudyInputs -> analyze() -> StudyResult``).
"""

import logging

__version__ = "0.1.0"

logging.getLogger(__name__).addHandler(logging.NullHandler())
