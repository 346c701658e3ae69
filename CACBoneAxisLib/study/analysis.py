"""Analyse a study: inputs in, both answers out."""

from __future__ import annotations

from CACBoneAxisLib.study.incremental import IncrementalAnalysis, Progress
from CACBoneAxisLib.study.inputs import StudyInputs
from CACBoneAxisLib.study.result import StudyResult


def analyze(inputs: StudyInputs, progress: Progress | None = None) -> StudyResult:
    """Score calcium and measure bone of one CT.

    Console and command line call this; the panel, which analyses the same CT repeatedly, calls
    :class:`~CACBoneAxisLib.study.incremental.IncrementalAnalysis`, which does the work.

    Parameters
    ----------
    inputs : the CT and the decisions of its reader
    progress : called with the current step and the fraction done (0 to 1); an exception it
        raises cancels the analysis

    Raises
    ------
    UnusableInputError
        One sentence, when seeds or regions cannot be understood.

    Notes
    -----
    Seeds cost one pass over the volume for the candidates; everything else depends on the size
    of lesions and regions.
    """
    return IncrementalAnalysis(inputs.image).analyze(inputs, progress)
