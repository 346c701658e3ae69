"""Measurement groups of the structured report (DICOM PS3.16, TID 1411 and 1501)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from CACBoneAxisLib.dicomout.codes import (
    SPINE,
    Code,
    coded,
    concept,
    evaluation,
    highdicom,
    level_code,
    measurement,
    measurements,
    private,
    territory_code,
)
from CACBoneAxisLib.dicomout.segments import Placed, lesion_key
from CACBoneAxisLib.dicomout.source import SourceSeries
from CACBoneAxisLib.report import wording
from CACBoneAxisLib.report.quantities import quantities
from CACBoneAxisLib.report.segmentation import BONE_CATEGORY, CALCIUM_CATEGORY, CALCIUM_TYPE, CORONARY_ARTERY

DESCENDING_AORTA: Code = ("SCT", "281130003", "Descending aorta")
BLOOD: Code = ("SCT", "87612001", "Blood")
GENANT_NAMES = ("no deformity", "mild", "moderate", "severe")


@dataclass(frozen=True, eq=False)
class Maker:
    """Build the measurement groups of one result.

    Parameters
    ----------
    result : the mapping of ``result.json``
    series : of the CT
    placed : segments by key
    version : of the software
    """

    result: Mapping[str, Any]
    series: SourceSeries
    placed: Mapping[str, Placed]
    version: str

    def groups(self) -> list[Any]:
        """Return all groups: suitability, calcium from total to lesions, bone from summary to levels."""
        made = [self._suitability(), self._total(), *self._territories(), *self._lesions(), *self._protocols()]
        made += [self._blood(), self._bone(), *self._vertebrae()]
        return [group for group in made if group is not None]

    def _group(
        self,
        key: str,
        measurements: Sequence[Any],
        evaluations: Sequence[Any] = (),
        *,
        sites: Sequence[Code] = (),
        category: Code | None = None,
        type_: Code | None = None,
        method: Code | None = None,
        parameters: Sequence[str] = (),
    ) -> Any:
        """Return a group, on its key's segment if there is one; None if it would be empty."""
        sr = highdicom().sr
        kept = [item for item in measurements if item is not None]
        if not kept and not evaluations:
            return None
        common: dict[str, Any] = {
            "tracking_identifier": sr.TrackingIdentifier(self.series.new_uid("tracked", key), key),
            "finding_type": coded(type_) if type_ else None,
            "finding_category": coded(category) if category else None,
            "method": coded(method) if method else None,
            "algorithm_id": sr.AlgorithmIdentification("CACBoneAxis", self.version, list(parameters) or None),
            "finding_sites": [sr.FindingSite(coded(site)) for site in sites] or None,
            "measurements": kept or None,
            "qualitative_evaluations": list(evaluations) or None,
        }
        place = self.placed.get(key)
        if place is None:
            return sr.MeasurementsAndQualitativeEvaluations(**common)
        segment = sr.ReferencedSegment(
            place.dataset.SOPClassUID,
            place.dataset.SOPInstanceUID,
            place.number,
            source_images=[
                sr.SourceImageForSegmentation(class_uid, uid, None if frames is None else list(frames))
                for class_uid, uid, frames in place.sources
            ],
        )
        return sr.VolumetricROIMeasurementsAndQualitativeEvaluations(referenced_segment=segment, **common)

    def _suitability(self) -> Any:
        said = [
            evaluation(concept(f"{question}-suitability"), concept(self.result["suitability"][question]["verdict"]))
            for question in ("calcium", "bone")
        ]
        return self._group("suitability", [], said, type_=concept("suitability"))

    def _total(self) -> Any:
        calcium = self.result["calcium"]
        said = [
            evaluation(
                private(f"CAT-{name}", f"Category, {entry['scheme']}"),
                private(entry["category"], wording.category_words(entry)),
            )
            for name, entry in calcium["categories"].items()
            if entry["category"] is not None
        ]
        return self._group(
            "coronary calcium",
            measurements("coronary", calcium),
            said,
            sites=[CORONARY_ARTERY],
            category=CALCIUM_CATEGORY,
            type_=CALCIUM_TYPE,
            parameters=_flat(calcium["protocol"]),
        )

    def _territories(self) -> Iterator[Any]:
        for code, values in self.result["calcium"]["territories"].items():
            found = measurements("territory", values)
            yield self._group(code, found, sites=[territory_code(code)], category=CALCIUM_CATEGORY, type_=CALCIUM_TYPE)

    def _lesions(self) -> Iterator[Any]:
        for lesion in self.result["calcium"]["lesions"]:
            # A program that adds up scores must find only those that count.
            found = measurements("lesion", lesion, counts=wording.has_score(lesion))
            yield self._group(
                lesion_key(lesion),
                found,
                [evaluation(concept("status"), concept(wording.lesion_state(lesion)))],
                sites=[territory_code(lesion["territory"])],
                category=CALCIUM_CATEGORY,
                type_=CALCIUM_TYPE,
            )

    def _protocols(self) -> Iterator[Any]:
        for entry in self.result["calcium"].get("under_protocols") or []:
            if entry["kind"] != "own":
                scores = {key: entry[key] for key in ("agatston", "volume_mm3", "mass_mg")}
                found = measurements("coronary", {"total": scores})
                method = private(entry["protocol"], f"Scoring protocol {entry['name']}")
                yield self._group(
                    f"under protocol {entry['protocol']}",
                    found,
                    sites=[CORONARY_ARTERY],
                    category=CALCIUM_CATEGORY,
                    type_=CALCIUM_TYPE,
                    method=method,
                )

    def _blood(self) -> Any:
        blood = self.result["calcium"].get("blood")
        if not blood:
            return None
        return self._group("blood", measurements("blood", blood), sites=[DESCENDING_AORTA], type_=BLOOD)

    def _bone(self) -> Any:
        summary = self.result["bone"]["summary"]
        sites = [level_code(level) for level in summary["levels"]] or [SPINE]
        found = [*measurements("vertebra", summary), *_density(summary)]
        return self._group("vertebral bone", found, _classes(summary), sites=sites, category=BONE_CATEGORY, type_=SPINE)

    def _vertebrae(self) -> Iterator[Any]:
        for vertebra in self.result["bone"]["vertebrae"]:
            level = vertebra["level"]
            found = [*measurements("vertebra", vertebra), *_density(vertebra)]
            said = [evaluation(concept("status"), concept(vertebra["status"])), *_classes(vertebra)]
            if (heights := vertebra["heights"]) and heights["genant_grade"] is not None:
                grade = int(heights["genant_grade"])
                said.append(
                    evaluation(concept("genant"), private(f"GENANT-{grade}", f"Grade {grade}, {GENANT_NAMES[grade]}"))
                )
            yield self._group(
                level, found, said, sites=[level_code(level)], category=BONE_CATEGORY, type_=level_code(level)
            )


def _density(values: Mapping[str, Any]) -> list[Any]:
    """Return BMD, coded by its material."""
    bmd = values["bmd"] or {"material": None}
    return [measurement(one, bmd["value"]) for one in quantities("bmd") if one.key == bmd["material"]]


def _classes(values: Mapping[str, Any]) -> list[Any]:
    acr = values["acr_class"]
    return [evaluation(concept("acr-class"), concept(acr["class"]))] if acr else []


def _flat(mapping: Mapping[str, Any], prefix: str = "") -> list[str]:
    """Return nested settings as lines ``name = value``, without those that are not set."""
    lines = []
    for name, value in mapping.items():
        if isinstance(value, Mapping):
            lines += _flat(value, f"{prefix}{name}.")
        elif value not in (None, [], ()):
            lines.append(f"{prefix}{name} = {value}")
    return lines
