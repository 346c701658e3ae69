"""Measure vertebrae from regions, points and labelmaps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from CACBoneAxisLib.bone.calibration import Calibration
from CACBoneAxisLib.bone.dualenergy import (
    DualMeasurement,
    SecondVolume,
    coefficients,
    density_ha,
    laid_over,
    with_line,
)
from CACBoneAxisLib.bone.hustatistics import measure
from CACBoneAxisLib.bone.interpretation import Interpreter, summarize
from CACBoneAxisLib.bone.phantomless import calibrate_by_tissue
from CACBoneAxisLib.bone.phantomscan import PhantomScan, calibrate_in_scan
from CACBoneAxisLib.bone.protocol import BoneProtocol
from CACBoneAxisLib.bone.quality import between_findings, content_findings
from CACBoneAxisLib.bone.references import TScoreReference, check_reference, t_score_references
from CACBoneAxisLib.bone.results import BoneResult, VertebraMeasurement
from CACBoneAxisLib.bone.tissues import tissue_samples
from CACBoneAxisLib.bone.vertebramasks import Candidate, names_findings, vertebra_masks
from CACBoneAxisLib.bone.vertebraregion import VertebraRegion
from CACBoneAxisLib.imaging.aorta import BloodPool
from CACBoneAxisLib.imaging.findings import Finding, finding, refusal
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.labels import LabelImage
from CACBoneAxisLib.imaging.markups import Box


def measure_vertebrae(
    image: CTImage,
    regions: Sequence[VertebraRegion] = (),
    labels: LabelImage | None = None,
    protocol: BoneProtocol | None = None,
    *,
    sex: str | None = None,
    contrast: bool | None = None,
    kvp: float | None = None,
    age_years: float | None = None,
    ancestry: str | None = None,
    references: Sequence[TScoreReference] | None = None,
    phantom: PhantomScan | None = None,
    blood: BloodPool | None = None,
    tissue_boxes: Sequence[Box] = (),
    second: CTImage | None = None,
) -> BoneResult:
    """Measure the trabecular bone of every vertebra that a region, a point or a labelmap names.

    A voxel belongs to a region when its centre does; in a labelmap the region is the eroded core
    (``bone/labels.py``). A level that has both is measured in the region, or left out if the region
    is excluded. ``bone/quality.py`` checks regions, ``bone/interpretation.py`` interprets means.

    Parameters
    ----------
    image : CTImage
    regions : at most one for each level; a point in place of a region locates the body
    labels : labelmap of vertebrae on the image's grid, or None
    protocol : BoneProtocol
    sex : ``F`` or ``M``, for the T-score
    contrast : whether contrast agent was given; HU thresholds are then not applied
    kvp : tube voltage of the scan, for the calibration
    age_years, ancestry : of the patient, for the Z-score
    references : T-score references beside the protocol's own; the bundled ones where None
    phantom : measurement of the phantom in the scan; made here where the calibration needs it and this is None
    blood : of the aorta, for calibration by tissues
    tissue_boxes : regions named by tissue, in place of automatic samples
    second : the scan at another energy, for dual energy

    ``sex``, ``age_years``, ``contrast`` and ``kvp`` are the image's own where not given.

    Raises
    ------
    UnusableInputError
        When a level has two regions or labels, the labelmap is not on the image's
        grid or names no level, or the protocol names a reference that is not known.
    """
    protocol = protocol or BoneProtocol()
    references = (*(t_score_references() if references is None else references), *protocol.site_references)
    if protocol.t_score_reference is not None:
        check_reference(protocol.t_score_reference, references)
    stated = image.acquisition
    findings: list[Finding] = []
    kvp = stated.kvp if kvp is None else kvp
    if phantom is None and protocol.calibration.kind == "phantom":
        phantom = calibrate_in_scan(image, protocol.calibration)
    calibration = protocol.calibration if phantom is None else phantom.calibration or protocol.calibration
    candidates, numbering_findings = vertebra_masks(image, regions, labels, protocol)
    places = [image.geometry.to_lps(c.mask.indices().mean(axis=0)[::-1]) for c in candidates if c.mask is not None]
    tissue, laid = None, None
    if calibration.kind == "tissue" and candidates:
        tissue = calibrate_by_tissue(*tissue_samples(image, places, blood, tissue_boxes), kvp)
        calibration = tissue.calibration or calibration
        findings += tissue.findings
    elif calibration.kind == "dual-energy":
        calibration, laid = _dual(image, second, calibration, places)
        findings += laid.findings if laid else ()
    usable, calibration_findings = calibration.check(kvp, stated)
    findings += phantom.findings if phantom else ()
    contrast = stated.contrast if contrast is None else contrast
    reader = Interpreter(
        protocol,
        calibration if usable else None,
        stated.sex if sex is None else sex,
        bool(contrast),
        references,
        stated.age_years if age_years is None else age_years,
        ancestry,
        kvp,
        tissue,
        stated.spectral is not None,
    )
    findings += numbering_findings
    findings += names_findings(image, candidates)
    if not candidates:
        nothing = (*findings, finding("no-regions"))
        return BoneResult(protocol, (), summarize((), reader)[0], nothing, phantom=phantom)
    findings += calibration_findings
    if contrast:
        findings.append(finding("bone-contrast"))
    measured = [_measure(image, candidate, protocol, reader, laid) for candidate in candidates]
    vertebrae = tuple(vertebra for vertebra, _ in measured)
    masks = {v.level: c.mask for (v, _), c in zip(measured, candidates, strict=True) if v.statistics and c.mask}
    summary, common = summarize(vertebrae, reader)
    for _, more in measured:
        common = (*common, *more)
    findings += [*between_findings(image.geometry, masks), *reader.general_findings(), *dict.fromkeys(common)]
    return BoneResult(protocol, vertebrae, summary, tuple(dict.fromkeys(findings)), masks, phantom, tissue, calibration)


def _dual(
    image: CTImage, second: CTImage | None, calibration: Calibration, places: Sequence[NDArray[np.floating]]
) -> tuple[Calibration, SecondVolume | None]:
    """Return the calibration of two volumes with its line, and the second volume registered to the first."""
    if second is None:
        raise refusal("dual-energy", why="the second volume is not given")
    coefficients(calibration)
    laid = laid_over(image, second, places) if places else None
    return with_line(calibration), laid


def _measure(
    image: CTImage,
    candidate: Candidate,
    protocol: BoneProtocol,
    reader: Interpreter,
    second: SecondVolume | None = None,
) -> tuple[VertebraMeasurement, tuple[Finding, ...]]:
    """Return the measurement, and the findings that concern all levels."""
    source: Any = candidate.source
    findings = (*candidate.findings, *(candidate.heights.findings(candidate.level) if candidate.heights else ()))
    mask = candidate.mask
    if mask is not None:
        findings = (
            *findings,
            *content_findings(candidate.level, image.hu, image.geometry, mask, protocol.region, candidate.axes),
        )
    if mask is None or any(f.severity == "error" for f in findings):
        status: Any = "excluded" if candidate.excluded else "not-measured"
        heights = candidate.heights
        return VertebraMeasurement(
            candidate.level, source, candidate.described, status, None, findings=findings, heights=heights
        ), ()
    statistics = measure(mask.values(image.hu), image.geometry.voxel_volume_mm3)
    dual = None
    if second is not None and reader.calibration is not None:
        values = second.values(mask, image.geometry)
        if values is None:
            findings = (*findings, finding("dual-outside", level=candidate.level))
        else:
            other = measure(values, image.geometry.voxel_volume_mm3).mean_hu
            ha = density_ha(reader.calibration, statistics.mean_hu, other)
            if ha <= 0:
                why = (
                    f"{candidate.level} has no hydroxyapatite, so the energies are exchanged, both images are the same"
                )
                raise refusal("dual-energy", why=f"{why}, or the region is not in bone")
            dual = DualMeasurement(statistics.mean_hu, other, ha)
    reading, more, common = reader.read(candidate.level, statistics.mean_hu, ha_mg_cm3=dual.ha_mg_cm3 if dual else None)
    vertebra = VertebraMeasurement(
        candidate.level,
        source,
        candidate.described,
        "measured",
        statistics,
        reading,
        (*findings, *more),
        candidate.heights,
        dual,
    )
    return vertebra, common
