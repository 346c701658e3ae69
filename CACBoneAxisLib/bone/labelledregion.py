"""Region measured in a labelled vertebra: body, protocol, voxels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from CACBoneAxisLib.bone.bodies import BodyFrame, body_frame, vertebral_body
from CACBoneAxisLib.bone.labels import Box, TrabecularCore, trabecular_core
from CACBoneAxisLib.bone.protocol import RegionProtocol
from CACBoneAxisLib.bone.quality import placement_findings
from CACBoneAxisLib.bone.regionplacement import DEFAULT, on_slice, region_protocols
from CACBoneAxisLib.imaging.findings import Finding, finding
from CACBoneAxisLib.imaging.geometry import ImageGeometry, as_ras
from CACBoneAxisLib.imaging.masks import Mask
from CACBoneAxisLib.imaging.regions import Region

# A region with more than this of another vertebra holds two; less is rounding.
OTHER_VERTEBRA = 0.02
# Arches that a segmentation cuts off are smaller than the body; this part of it is a body of its own.
SECOND_PIECE = 0.5


@dataclass(frozen=True, eq=False)
class LabelledRegion:
    """A region in a labelled vertebra: description, voxels (None: not measured), findings."""

    described: dict[str, Any]
    mask: Mask | None
    findings: tuple[Finding, ...]
    axes: NDArray[np.float64] | None = None


def labelled_region(
    labels: NDArray[np.integer],
    level: str,
    number: int,
    box: Box,
    geometry: ImageGeometry,
    protocol: RegionProtocol,
) -> LabelledRegion:
    """Place the region of the protocol in a labelled vertebra.

    Posterior elements in the label are removed first (``bone/bodies.py``).

    Parameters
    ----------
    labels : int array (z, y, x)
    level, number, box : of the vertebra
    geometry : of the labels
    protocol : RegionProtocol
    """
    offset = (box[0].start, box[1].start, box[2].start)
    body, parted = vertebral_body(labels[box] == number, geometry.spacing_mm)
    core = trabecular_core(labels, number, box, geometry.spacing_mm, protocol.erosion_mm, body if parted else None)
    findings = [finding("vertebra-at-border", level=level)] if core.at_border else []
    if parted:
        findings.append(finding("posterior-elements", level=level))
    if _in_pieces(labels[box] == number):
        findings.append(finding("label-pieces", level=level))
    described: dict[str, Any] = {"protocol": protocol.protocol, "label": number}
    if protocol.protocol == DEFAULT:
        if core.mask is None:
            findings.append(finding("region-empty", level=level))
        described |= {"shape": "eroded-label", "erosion_mm": protocol.erosion_mm}
        return LabelledRegion(described, core.mask, tuple(findings))
    frame = body_frame(body, offset, geometry)
    if frame is None:
        findings.append(finding("body-frame", level=level))
        return LabelledRegion(described, None, tuple(findings))
    region = _placed(frame, core, geometry, protocol)
    found = region.voxels(geometry)
    findings += placement_findings(level, found, protocol)
    described |= described_region(region)
    refused = any(f.severity == "error" for f in findings)
    return LabelledRegion(described, None if refused else found.mask, tuple(findings), np.asarray(region.axes))


def _in_pieces(inside: NDArray[np.bool_]) -> bool:
    """Return whether a label has a second piece nearly as large as its largest, as two vertebrae under one number."""
    pieces, count = ndimage.label(inside)
    sizes = np.sort(np.bincount(pieces.ravel())[1:])
    return count > 1 and bool(sizes[-2] > SECOND_PIECE * sizes[-1])


def _placed(frame: BodyFrame, core: TrabecularCore, geometry: ImageGeometry, protocol: RegionProtocol) -> Region:
    named = region_protocols()[protocol.protocol]
    if named.shape == "ellipsoid" and core.mask is not None:
        # The published sphere is centred at the centroid of the core.
        frame = replace(frame, center_mm=geometry.to_lps(core.mask.indices().mean(axis=0)[::-1]))
    return named.place(on_slice(frame, named, geometry), geometry.slice_increment_mm)


def described_region(region: Region) -> dict[str, Any]:
    """Return a region as in the result file, RAS."""
    return {
        "shape": region.shape,
        "center_ras_mm": as_ras(region.center_mm),
        "size_mm": [float(v) for v in region.size_mm],
        "axes_ras": np.transpose([as_ras(axis) for axis in np.transpose(region.axes)]).tolist(),
    }


def label_findings(
    level: str, mask: Mask, labels: NDArray[np.integer], numbers: Mapping[str, int]
) -> tuple[Finding, ...]:
    """Return the findings on another vertebra in a placed region, or instead of its own.

    Parameters
    ----------
    level, mask : of the region
    labels : int array (z, y, x)
    numbers : label by level
    """
    values = mask.values(labels)
    parts = {name: float(np.count_nonzero(values == number)) / values.size for name, number in numbers.items()}
    others = [name for name, part in parts.items() if name != level and part > OTHER_VERTEBRA]
    if not others:
        return ()
    if parts.get(level, 0.0) <= OTHER_VERTEBRA:
        return (finding("region-other-level", level=level, found=" and ".join(others)),)
    return (finding("region-two-vertebrae", level=level, others=" and ".join(others)),)
