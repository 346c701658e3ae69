"""Named region protocols, placed in the body of a labelled vertebra."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from CACBoneAxisLib.bone.bodies import BodyFrame
from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.imaging.regions import Region, RegionShape

DEFAULT = "eroded-core"


@dataclass(frozen=True)
class NamedRegion:
    """A region protocol of ``data/region_protocols.json``.

    ``shape`` is None for the eroded core; a ``height_mm`` of 0 is one slice. ``forward_fraction``
    moves the middle to the front by this part of the body's depth.
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
        """Return the region in a body.

        The axial circle stands upright in the scan, one slice high at the middle of the body.

        Raises
        ------
        ValueError
            For the eroded core, which is no shape.
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
