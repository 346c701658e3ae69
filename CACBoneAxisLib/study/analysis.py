"""The one way through: inputs in, both answers out."""

from __future__ import annotations

from CACBoneAxisLib.study.incremental import IncrementalAnalysis, Progress
from CACBoneAxisLib.study.inputs import StudyInputs
from CACBoneAxisLib.study.result import StudyResult


def analyze(inputs: StudyInputs, progress: Progress | None = None) -> StudyResult:
    """Score calcium and measure bone of one CT.

    Panel, console and command line all come through here, or through the
    :class:`~CACBoneAxisLib.study.incremental.Session` that does the work, when the same CT is
    analysed again and again.

    Parameters
    ----------
    inputs : the CT and what a person decided about it
    progress : called with what is being done and the part done (0 to 1); an exception it
        raises ends the analysis, which is how a caller cancels

    Raises
    ------
    UnusableInputError
        One sentence, when seeds or regions cannot be understood.

    Notes
    -----
    One pass over the volume for the candidates when there are seeds; everything else
    follows the size of the lesions and regions.
    """
    return IncrementalAnalysis(inputs.image).analyze(inputs, progress)
