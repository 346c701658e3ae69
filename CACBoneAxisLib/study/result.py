"""The result of a study, and its content as ``result.json``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from CACBoneAxisLib import __version__
from CACBoneAxisLib.bone.vertebrae import BoneResult
from CACBoneAxisLib.calcium.result import CalciumResult
from CACBoneAxisLib.imaging.acquisition import Acquisition
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.masks import Mask
from CACBoneAxisLib.imaging.suitability import Suitability
from CACBoneAxisLib.report.numbers import stored
from CACBoneAxisLib.study.approval import Trail
from CACBoneAxisLib.study.inputs import InputFile
from CACBoneAxisLib.study.settings import Settings
from CACBoneAxisLib.study.upgrade import SCHEMA


@dataclass(frozen=True, eq=False)
class StudyResult:
    """Both answers for one CT, with everything they depend on.

    Parameters
    ----------
    study_id, settings, files : as given
    image : the CT, in axial order
    acquisition : of file and user together
    suitability : of the scan for each question
    calcium, bone : the answers
    started, seconds : start and duration of the analysis
    identifiers : of patient and study, if asked for; else empty
    review : number, time and replaced result of a correction in review
    trail : actions and approval of the reading
    """

    study_id: str
    settings: Settings
    files: tuple[InputFile, ...]
    image: CTImage
    acquisition: Acquisition
    suitability: Suitability
    calcium: CalciumResult
    bone: BoneResult
    started: datetime
    seconds: float
    review: Mapping[str, Any] | None = None
    identifiers: Mapping[str, str] = field(default_factory=dict)
    trail: Trail = field(default_factory=Trail)

    @property
    def calcium_masks(self) -> dict[int, Mask]:
        """Counted voxels of the lesions, by their id in the result."""
        numbered = enumerate(self.calcium.lesions, start=1)
        return {number: lesion.mask for number, (lesion, _) in numbered if lesion.mask and lesion.mask.count}

    @property
    def bone_masks(self) -> Mapping[str, Mask]:
        """Measured voxels of the vertebrae, by level."""
        return self.bone.masks

    def to_dict(self) -> dict[str, Any]:
        """Return the content of ``result.json`` (``data/result.schema.json``).

        Floats have ten significant digits, the same in every file this software writes.
        """
        geometry = self.image.geometry
        acquisition = asdict(self.acquisition)
        patient = {
            "age_years": acquisition.pop("age_years"),
            "sex": acquisition.pop("sex"),
            "ethnicity": self.settings.patient.ethnicity,
        }
        mapping = {
            "schema": SCHEMA,
            "study": {
                "id": self.study_id,
                **({"identifiers": dict(self.identifiers)} if self.identifiers else {}),
                "image": {
                    "name": self.image.source.name,
                    "format": self.image.source.format,
                    "size": list(geometry.shape[::-1]),
                    "spacing_mm": list(geometry.spacing_mm),
                    "slice_increment_mm": geometry.slice_increment_mm,
                },
                "acquisition": acquisition,
                "patient": patient,
            },
            "suitability": {
                question: {
                    "verdict": fitness.verdict,
                    "findings": [asdict(item) for item in fitness.findings],
                }
                for question, fitness in (("calcium", self.suitability.calcium), ("bone", self.suitability.bone))
            },
            "calcium": self.calcium.to_mapping(),
            "bone": self.bone.to_mapping(),
            "provenance": {
                "software": "CACBoneAxis",
                "version": __version__,
                "settings": self.settings.to_mapping(),
                "inputs": [asdict(file) for file in self.files],
                "started": self.started.isoformat(timespec="seconds"),
                "seconds": self.seconds,
                **({} if self.review is None else {"review": dict(self.review)}),
                **self.trail.to_mapping(),
            },
        }
        result: dict[str, Any] = stored(mapping)
        return result
