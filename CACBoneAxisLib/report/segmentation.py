"""Write ``calcium.seg.nrrd`` and ``bone.seg.nrrd``, which Slicer overlays on the CT.

Written without Slicer, in the format of its vtkMRMLSegmentationStorageNode: a NRRD label volume
cropped to the segments, with name, colour and code of every segment in the header. Other readers
see a label image in the right position.
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.imaging.geometry import ImageGeometry
from CACBoneAxisLib.imaging.masks import Mask
from CACBoneAxisLib.report.wording import territory_table

# Slicer's lists lack the calcification type and the vertebral levels, so the entries name our own
# context; the region list is Slicer's, which has the arteries.
TERMINOLOGY_CONTEXT = "CACBoneAxis"
REGION_CONTEXT = "Anatomic codes - DICOM master list"
CALCIUM_CATEGORY = ("SCT", "49755003", "Morphologically Altered Structure")
CALCIUM_TYPE = ("SCT", "18115005", "Pathologic calcification")
BONE_CATEGORY = ("SCT", "123037004", "Anatomical Structure")
VERTEBRA = ("SCT", "51282000", "Vertebra")

OTHER_COLOR = (150, 150, 150)
# Lesions with seeds of two coronary arteries count in the total but in no single artery.
UNDECIDED, UNDECIDED_NAME, UNDECIDED_COLOR = "coronary", "Coronary, artery undecided", (235, 235, 235)
CORONARY_ARTERY = ("SCT", "41801008", "Coronary artery")

Code = tuple[str, str, str]


@dataclass(frozen=True)
class Segment:
    """A segment: Slicer id and name, colour 0-255, terminology entry and voxels."""

    id: str
    name: str
    color: tuple[int, int, int]
    terminology: str
    masks: tuple[Mask, ...]


def terminology_entry(category: Code, type_: Code, region: Code | None = None) -> str:
    """Return a terminology entry in Slicer's serialized form.

    Same as vtkSlicerTerminologiesModuleLogic::SerializeTerminologyEntry.
    """
    context = REGION_CONTEXT if region else ""
    parts = [TERMINOLOGY_CONTEXT, "^".join(category), "^".join(type_), "^^", context, "^".join(region or ("",) * 3)]
    return "~".join([*parts, "^^"])


def calcium_terminology(territory: str) -> str:
    """Return the terminology entry of calcium in a territory."""
    region = next(t["snomed"] for t in territory_table() if t["code"] == territory)
    return terminology_entry(CALCIUM_CATEGORY, CALCIUM_TYPE, ("SCT", region["value"], region["meaning"]))


def bone_terminology(level: str) -> str:
    """Return the terminology entry of a vertebra; generic if the name is no level."""
    snomed = level_entry(level).get("snomed")
    code = ("SCT", snomed["value"], snomed["meaning"]) if snomed else VERTEBRA
    return terminology_entry(BONE_CATEGORY, code)


def level_entry(level: str) -> Mapping[str, Any]:
    """Return the ``data/levels.json`` entry of a level, or an empty mapping."""
    for entry in load_table("levels")["levels"]:
        if entry["level"] == level:
            return dict(entry)
    return {}


def level_color(level: str) -> tuple[int, int, int]:
    """Return the colour of a level, 0-255."""
    red, green, blue = level_entry(level).get("color", OTHER_COLOR)
    return red, green, blue


def lesion_color(lesion: Mapping[str, Any]) -> tuple[int, int, int]:
    """Return the colour of a lesion, 0-255: its territory's, or grey if unscored."""
    if lesion["status"] != "scored":
        return UNDECIDED_COLOR if lesion["in_total"] else OTHER_COLOR
    red, green, blue = next(t["color"] for t in territory_table() if t["code"] == lesion["territory"])
    return red, green, blue


def calcium_segments(calcium: Mapping[str, Any], masks: Mapping[int, Mask]) -> list[Segment]:
    """Return one segment per territory with scored lesions, in territory order.

    Lesions in the total with seeds of two coronary arteries follow in a separate segment. Excluded
    and conflicting lesions share a grey last segment, ``Not scored``. Lesions of implausible size
    are left out: they are skeleton or noise and would fill the file.
    """
    by_territory: dict[str, list[Mask]] = {}
    undecided, others = [], []
    for lesion in calcium["lesions"]:
        mask = masks.get(lesion["id"])
        if mask is None:
            continue
        if lesion["status"] == "scored":
            by_territory.setdefault(lesion["territory"], []).append(mask)
        elif lesion["in_total"]:
            undecided.append(mask)
        elif lesion["status"] in ("excluded", "conflict"):
            others.append(mask)
    segments = [
        Segment(t["code"], t["name"], tuple(t["color"]), calcium_terminology(t["code"]), tuple(by_territory[t["code"]]))
        for t in territory_table()
        if t["code"] in by_territory
    ]
    if undecided:
        entry = terminology_entry(CALCIUM_CATEGORY, CALCIUM_TYPE, CORONARY_ARTERY)
        segments.append(Segment(UNDECIDED, UNDECIDED_NAME, UNDECIDED_COLOR, entry, tuple(undecided)))
    if others:
        entry = terminology_entry(CALCIUM_CATEGORY, CALCIUM_TYPE)
        segments.append(Segment("not-scored", "Not scored", OTHER_COLOR, entry, tuple(others)))
    return segments


def bone_segments(bone: Mapping[str, Any], masks: Mapping[str, Mask]) -> list[Segment]:
    """Return one segment per level with a mask, in the order of the result."""
    levels = [v["level"] for v in bone["vertebrae"] if v["level"] in masks]
    return [Segment(level, level, level_color(level), bone_terminology(level), (masks[level],)) for level in levels]


def write_segmentation(path: Path, segments: Sequence[Segment], geometry: ImageGeometry) -> None:
    """Write segments over an image as a Slicer segmentation (``.seg.nrrd``).

    Segment n (from 1) has label value n. Overlapping segments go to further layers, so none loses
    voxels; without overlap the file is a plain 3D label image. The same input gives the same bytes.
    Without segments the file has one empty voxel, which Slicer opens as an empty segmentation.
    """
    layers: list[NDArray[np.uint8]] = []
    placed = []
    low, high = _bounds(segments)
    for value, segment in enumerate(segments, start=1):
        block = np.zeros(tuple(high - low), dtype=bool)
        for mask in segment.masks:
            block[tuple(slice(s.start - o, s.stop - o) for s, o in zip(mask.slices, low, strict=True))] |= mask.voxels
        layer = next((n for n, taken in enumerate(layers) if not np.any(taken[block])), len(layers))
        if layer == len(layers):
            layers.append(np.zeros(block.shape, dtype=np.uint8))
        layers[layer][block] = value
        placed.append((segment, value, layer, _extent(block)))
    if not layers:
        layers.append(np.zeros((1, 1, 1), dtype=np.uint8))
    header = _header(layers, low, geometry)
    for number, (segment, value, layer, extent) in enumerate(placed):
        fields = {
            "Color": " ".join(f"{channel / 255:.6g}" for channel in segment.color),
            "ColorAutoGenerated": "0",
            "Extent": extent,
            "ID": segment.id,
            "LabelValue": value,
            "Layer": layer,
            "Name": segment.name,
            "NameAutoGenerated": "0",
            "Tags": f"TerminologyEntry:{segment.terminology}|",
        }
        header += [f"Segment{number}_{key}:={text}" for key, text in fields.items()]
    data = layers[0] if len(layers) == 1 else np.stack(layers, axis=-1)
    path.write_bytes(("\n".join(header) + "\n\n").encode("utf-8") + _compressed(data))


def _bounds(segments: Sequence[Segment]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    masks = [mask for segment in segments for mask in segment.masks]
    if not masks:
        return np.zeros(3, dtype=np.intp), np.ones(3, dtype=np.intp)
    low = np.min([mask.offset for mask in masks], axis=0)
    high = np.max([np.add(mask.offset, mask.voxels.shape) for mask in masks], axis=0)
    return low, high


def _extent(block: NDArray[np.bool_]) -> str:
    ends = []
    for axis in (2, 1, 0):
        used = np.flatnonzero(block.any(axis=tuple(a for a in range(3) if a != axis)))
        ends += [int(used[0]), int(used[-1])] if used.size else [0, -1]
    return " ".join(map(str, ends))


def _header(layers: Sequence[NDArray[np.uint8]], low: NDArray[np.intp], geometry: ImageGeometry) -> list[str]:
    several = len(layers) > 1
    matrix = geometry.index_to_lps
    columns = [_vector(matrix[:3, axis]) for axis in range(3)]
    offset_xyz = [int(o) for o in low[::-1]]
    sizes = [str(n) for n in layers[0].shape[::-1]]
    return [
        "NRRD0004",
        "type: unsigned char",
        f"dimension: {4 if several else 3}",
        "space: left-posterior-superior",
        "sizes: " + " ".join([str(len(layers)), *sizes] if several else sizes),
        "space directions: " + " ".join(["none", *columns] if several else columns),
        "kinds: " + " ".join(["list"] * several + ["domain"] * 3),
        "encoding: gzip",
        "space origin: " + _vector(geometry.to_lps(offset_xyz)),
        "Segmentation_ContainedRepresentationNames:=Binary labelmap|",
        f"Segmentation_ConversionParameters:=Reference image geometry|{_reference_geometry(geometry)}|&",
        "Segmentation_MasterRepresentation:=Binary labelmap",
        "Segmentation_ReferenceImageExtentOffset:=" + " ".join(map(str, offset_xyz)),
    ]


def _vector(numbers: NDArray[np.float64]) -> str:
    return "(" + ",".join(repr(float(number) + 0.0) for number in numbers) + ")"


def _reference_geometry(geometry: ImageGeometry) -> str:
    extent = [end for size in geometry.shape[::-1] for end in (0, size - 1)]
    return "".join(f"{float(value) + 0.0!r};" for value in geometry.index_to_ras.ravel()) + "".join(
        f"{end};" for end in extent
    )


def _compressed(data: NDArray[np.uint8]) -> bytes:
    stream = BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=stream, mtime=0, compresslevel=6) as file:
        file.write(np.ascontiguousarray(data).tobytes())
    return stream.getvalue()
