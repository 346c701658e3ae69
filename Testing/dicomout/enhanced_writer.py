"""Writes an array as an enhanced (multi-frame) CT."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from imaging.dicom_writer import save
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

ENHANCED_CT = "1.2.840.10008.5.1.4.1.1.2.1"


def _item(**values: Any) -> Dataset:
    dataset = Dataset()
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    return dataset


def write_enhanced(
    path: Path, hu: np.ndarray, geometry: Any, header: Mapping[str, Any], order: Sequence[int] | None = None
) -> None:
    """Write slices ``hu`` (z, y, x) on ``geometry`` as one file; ``order`` is the slice that each frame holds."""
    order = list(order or range(len(hu)))
    axes = np.asarray(geometry.direction)
    dataset = _item(
        SOPClassUID=ENHANCED_CT,
        SOPInstanceUID=generate_uid(),
        Modality="CT",
        ImageType=["ORIGINAL", "PRIMARY", "VOLUME", "NONE"],
        SeriesNumber=4,
        InstanceNumber=1,
        NumberOfFrames=len(hu),
        Rows=hu.shape[1],
        Columns=hu.shape[2],
        SamplesPerPixel=1,
        PhotometricInterpretation="MONOCHROME2",
        BitsAllocated=16,
        BitsStored=16,
        HighBit=15,
        PixelRepresentation=1,
    )
    for keyword, value in header.items():
        setattr(dataset, keyword, value)
    x, y, z = geometry.spacing_mm
    dataset.SharedFunctionalGroupsSequence = [
        _item(
            PixelMeasuresSequence=[_item(PixelSpacing=[y, x], SliceThickness=z, SpacingBetweenSlices=z)],
            PlaneOrientationSequence=[_item(ImageOrientationPatient=[float(v) for v in [*axes[:, 0], *axes[:, 1]]])],
            PixelValueTransformationSequence=[_item(RescaleIntercept=0, RescaleSlope=1, RescaleType="HU")],
            CTXRayDetailsSequence=[_item(KVP=120.0)],
        )
    ]
    dataset.PerFrameFunctionalGroupsSequence = [
        _item(
            PlanePositionSequence=[_item(ImagePositionPatient=[float(v) for v in geometry.to_lps([0, 0, k])])],
            FrameContentSequence=[_item(StackID="1", InStackPositionNumber=k + 1)],
        )
        for k in order
    ]
    dataset.PixelData = np.ascontiguousarray(hu[order]).astype("<i2").tobytes()
    dataset["PixelData"].VR = "OW"
    save(dataset, path)
