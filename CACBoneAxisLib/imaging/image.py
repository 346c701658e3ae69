"""A CT image in axial order, with its acquisition and source."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from CACBoneAxisLib.imaging.acquisition import Acquisition
from CACBoneAxisLib.imaging.findings import Finding
from CACBoneAxisLib.imaging.geometry import ImageGeometry


@dataclass(frozen=True)
class ImageSource:
    """Source of an image: file or folder name (no path), format, SHA-256 of the content."""

    name: str
    format: str
    sha256: str | None = None


@dataclass(frozen=True, eq=False)
class CTImage:
    """A CT in axial order: x towards the patient's left, y to the back, z to the head.

    Parameters
    ----------
    hu : int16 or float32 array (z, y, x)
        Hounsfield units by the file's rescale; may be a view with negative strides.
    geometry : ImageGeometry
    acquisition : Acquisition
    source : ImageSource
    findings : findings about the file itself
    slices : DICOM file and frame of each slice, along the slice normal; empty for other formats.
        Paths may name a patient, so they are never written.
    """

    hu: NDArray[Any]
    geometry: ImageGeometry
    acquisition: Acquisition = field(default_factory=Acquisition)
    source: ImageSource = field(default_factory=lambda: ImageSource("array", "memory"))
    findings: tuple[Finding, ...] = ()
    slices: tuple[tuple[Path, int], ...] = ()
