"""Analyse calcium and bone of a scene so that unusable input of one half leaves the other its numbers."""

from __future__ import annotations

from dataclasses import replace

from CACBoneAxisLib.bone.levels import parse_level
from CACBoneAxisLib.imaging.findings import UnusableInputError, finding
from CACBoneAxisLib.mrml.inputs import Progress, ReadingNodes, analyze_nodes
from CACBoneAxisLib.study import Settings, StudyResult
from CACBoneAxisLib.study.incremental import IncrementalAnalysis


def analyze_halves(
    nodes: ReadingNodes,
    settings: Settings | None = None,
    study_id: str = "study",
    progress: Progress | None = None,
    analysis: IncrementalAnalysis | None = None,
) -> StudyResult:
    """Do what :func:`~CACBoneAxisLib.mrml.inputs.analyze_nodes` does; a half that cannot be read says why.

    A reader who works on one half sees its numbers while the other waits to be mended. Console and
    command line refuse such input as a whole.

    Raises
    ------
    UnusableInputError
        One sentence, when the scan or settings of both halves cannot be used.
    """
    settings = settings or Settings()
    without_calcium = replace(nodes, seeds=None, heart=None)
    without_bone = replace(
        nodes,
        regions=tuple(node for node in nodes.regions if node is None or parse_level(node.GetName()) is None),
        vertebrae=None,
        second=None,
    )

    def tried(some: ReadingNodes) -> StudyResult | UnusableInputError:
        try:
            return analyze_nodes(some, settings, study_id, progress, analysis)
        except UnusableInputError as error:
            return error

    whole = tried(nodes)
    if isinstance(whole, StudyResult):
        return whole
    calcium, bone = tried(without_bone), tried(without_calcium)
    result = calcium if isinstance(calcium, StudyResult) else bone
    if not isinstance(result, StudyResult):
        raise whole
    half, code = ("bone", "bone-input-unusable") if result is calcium else ("calcium", "calcium-input-unusable")
    unread = getattr(result, half)
    # Not that nothing was given.
    kept = tuple(one for one in unread.findings if one.code not in ("no-seeds", "no-regions"))
    return replace(result, **{half: replace(unread, findings=(finding(code, why=str(whole)), *kept))})
