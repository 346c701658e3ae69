"""A CT image as the rest of the library sees it."""

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
    """Where an image came from: file or folder name (no path), format, SHA-256 of the content."""

    name: str
    format: str
    sha256: str | None = None


@dataclass(frozen=True, eq=False)
class CTImage:
    """A CT in axial order: x towards the patient's left, y to the back, z to the head.

    Parameters
    ----------
    hu : int16 or float32 array (z, y, x)
        Hounsfield units as the file's rescale gives them; may be a view with negative strides.
    geometry : ImageGeometry
    acquisition : Acquisition
    source : ImageSource
    findings : findings about the file itself
    slices : DICOM file and frame of each slice, along the slices' normal; empty where it is of
        another format. Paths may name a patient: they are for reading, never for output.
    """

    hu: NDArray[Any]
    geometry: ImageGeometry
    acquisition: Acquisition = field(default_factory=Acquisition)
    source: ImageSource = field(default_factory=lambda: ImageSource("array", "memory"))
    findings: tuple[Finding, ...] = ()
    slices: tuple[tuple[Path, int], ...] = ()
