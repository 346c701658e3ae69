"""Place named region protocols in the body of a vertebra."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from CACBoneAxisLib.bone.bodies import BodyFrame
from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.imaging.findings import Finding, finding
from CACBoneAxisLib.imaging.geometry import ImageGeometry, as_point
from CACBoneAxisLib.imaging.markups import region_axes, region_center
from CACBoneAxisLib.imaging.regions import Region, RegionShape

DEFAULT = "eroded-core"
SIZE_DECIMALS = 4
# Distance of a region from the endplate planes beside the half increment by which end voxels extend beyond it:
# endplates are 1 mm thick, concave, and located within a millimetre, in thick slices within half an increment.
END_MARGIN_MM, END_MARGIN_OF_INCREMENT = 2.0, 0.6
# The posterior wall is concave, so the core ends this fraction of the depth before it.
HOLLOW_OF_DEPTH = 0.07


@dataclass(frozen=True)
class NamedRegion:
    """A region protocol of ``data/region_protocols.json``.

    ``shape`` is None for the eroded core; a ``height_mm`` of 0 is one slice. ``forward_fraction`` moves
    the centre to the front by this fraction of the depth.
    """

    name: str
    title: str
    shape: RegionShape | None
    width_fraction: float | None
    depth_fraction: float | None
    diameter_mm: float | None
    height_mm: float | None
    forward_fraction: float
    source: str
    confidence: str

    def place(self, body: BodyFrame, increment_mm: float) -> Region:
        """Place the region in a body.

        The axial circle is upright in the scan, one slice high at the centre of the body.

        Raises
        ------
        ValueError
            For the eroded core, which has no shape.
        """
        if self.shape is None or self.height_mm is None:
            raise ValueError(f"{self.name} is no shape")
        width = self.diameter_mm or (self.width_fraction or 0) * body.width_mm
        depth = self.diameter_mm or (self.depth_fraction or 0) * body.depth_mm
        center = body.center_mm - body.axes[:, 1] * self.forward_fraction * body.depth_mm
        place = (float(center[0]), float(center[1]), float(center[2]))
        if self.height_mm == 0:
            return Region(place, (width, depth, increment_mm * (1 - 1e-9)), shape=self.shape)
        axes = tuple((float(a), float(b), float(c)) for a, b, c in body.axes)
        return Region(place, (width, depth, self.height_mm), axes, self.shape)


@cache
def region_protocols() -> dict[str, NamedRegion]:
    """Return the region protocols by name."""
    return {row["name"]: NamedRegion(**row) for row in load_table("region_protocols")["rows"]}


def located_region(frame: BodyFrame, name: str, erosion_mm: float, geometry: ImageGeometry) -> Region | None:
    """Place the region of a protocol in a located body; None where nothing of it is left.

    The eroded core is the elliptic cylinder that stays ``erosion_mm`` inside width, depth
    and height. Every region but the axial circle stays half an increment and 2 mm (3 mm in
    slices of 5 mm) from both endplates, so that no voxel holds a part of them: it is made lower where it does not,
    and a sphere flatter. Places and axes have the digits that a markups ROI keeps, so that a region
    kept as one measures the same.

    Parameters
    ----------
    frame : of the body
    name : of the protocol
    erosion_mm : for the eroded core
    geometry : of the scan
    """
    named = region_protocols()[name]
    increment = geometry.slice_increment_mm
    highest = frame.height_mm - 2 * (increment / 2 + max(END_MARGIN_MM, END_MARGIN_OF_INCREMENT * increment))
    if highest <= 0:
        return None
    if named.shape is None:
        size = np.array([frame.width_mm, (1 - HOLLOW_OF_DEPTH) * frame.depth_mm, frame.height_mm]) - 2 * erosion_mm
        if np.any(size <= 0):
            return None
        center = frame.center_mm - frame.axes[:, 1] * frame.depth_mm * HOLLOW_OF_DEPTH / 2
        axes = tuple((float(a), float(b), float(c)) for a, b, c in frame.axes)
        region = Region(as_point(center), as_point(size), axes, "elliptic-cylinder")
    else:
        region = named.place(on_slice(frame, named, geometry), geometry.slice_increment_mm)
    if named.height_mm != 0:
        region = replace(region, size_mm=(*region.size_mm[:2], min(region.size_mm[2], highest)))
    return replace(
        region,
        center_mm=as_point(region_center(region.center_mm)),
        size_mm=as_point(np.round(region.size_mm, SIZE_DECIMALS)),
        axes=tuple(as_point(row) for row in region_axes(region.axes)),
    )


def lowered(level: str, region: Region, name: str, increment_mm: float) -> tuple[Finding, ...]:
    """Return the findings on a region that is lower than in its protocol.

    Parameters
    ----------
    level : of the vertebra
    region : from ``located_region``
    name : of the protocol
    increment_mm : of the slices
    """
    wanted = region_protocols()[name].height_mm
    if not wanted or region.size_mm[2] >= wanted:
        return ()
    heights = {"height": f"{region.size_mm[2]:.0f}", "wanted": f"{wanted:.0f}", "increment": f"{increment_mm:g}"}
    return (finding("region-lowered", level=level, protocol=name, **heights),)


def on_slice(frame: BodyFrame, named: NamedRegion, geometry: ImageGeometry) -> BodyFrame:
    """Move the frame of a one-slice protocol to the nearest slice centre."""
    if named.height_mm != 0:
        return frame
    i, j, k = geometry.to_index(frame.center_mm)
    return replace(frame, center_mm=geometry.to_lps([i, j, np.rint(k)]))
