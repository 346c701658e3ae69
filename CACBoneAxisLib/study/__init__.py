"""One study from inputs to result: settings, :func:`analyze`, the result and its JSON Schema."""

from CACBoneAxisLib.study.analysis import analyze
from CACBoneAxisLib.study.inputs import InputFile, StudyInputs
from CACBoneAxisLib.study.result import StudyResult
from CACBoneAxisLib.study.settings import Settings

__all__ = ["InputFile", "Settings", "StudyInputs", "StudyResult", "analyze"]
