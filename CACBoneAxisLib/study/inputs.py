"""Inputs of a study: a CT and the decisions of its reader."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.labels import LabelImage
from CACBoneAxisLib.imaging.markups import Box, PointList, read_markups
from CACBoneAxisLib.study.approval import Trail
from CACBoneAxisLib.study.settings import Settings


@dataclass(frozen=True)
class InputFile:
    """An input file of a study: role, name without the folder, SHA-256."""

    role: str
    name: str
    sha256: str | None


@dataclass(frozen=True, eq=False)
class StudyInputs:
    """Everything :func:`~CACBoneAxisLib.study.analyze` needs.

    Parameters
    ----------
    image : CT in axial order
    seeds : point lists; None when the scan was not read for calcium (no score), lists without
        points when it was read and shows none (score 0)
    regions : one ROI per vertebra, named by level
    vertebrae : labelmap of vertebrae, or None
    heart : labelmap of the heart, in which candidates are searched; None to use the heart labels of
        ``vertebrae`` if any, else the region between the lungs
    settings : of the study
    study_id : name of the study in the result
    files : that the above was read from
    points : point lists, one point in each vertebra to be located, named by level
    second : the same scan at another energy, for bone density by dual energy
    identifiers : of patient and study, if outputs are to name them; else empty
    trail : actions and approval of the reading
    """

    image: CTImage
    seeds: tuple[PointList, ...] | None = None
    regions: tuple[Box, ...] = ()
    vertebrae: LabelImage | None = None
    settings: Settings = field(default_factory=Settings)
    study_id: str = "study"
    files: tuple[InputFile, ...] = ()
    heart: LabelImage | None = None
    points: tuple[PointList, ...] = ()
    second: CTImage | None = None
    identifiers: Mapping[str, str] = field(default_factory=dict)
    trail: Trail = field(default_factory=Trail)


def read_markup_files(paths: Sequence[str | Path], role: str) -> tuple[list[Any], list[InputFile]]:
    """Read markups files; return the markups, and each file's name and hash under the role."""
    markups: list[Any] = []
    files: list[InputFile] = []
    for path in map(Path, paths):
        markups += read_markups(path)
        files.append(InputFile(role, path.name, hashlib.sha256(path.read_bytes()).hexdigest()))
    return markups, files
