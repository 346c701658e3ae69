"""Lesions and measured regions as a DICOM segmentation over the CT's frames."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from CACBoneAxisLib.dicomout.codes import Code, coded, highdicom, level_code, long_text, territory_code
from CACBoneAxisLib.dicomout.source import SourceSeries
from CACBoneAxisLib.imaging.masks import Mask
from CACBoneAxisLib.report.segmentation import BONE_CATEGORY, CALCIUM_CATEGORY, CALCIUM_TYPE, lesion_color, level_color
from CACBoneAxisLib.report.wording import has_score

NEIGHBOURHOOD: Code = ("DCM", "123101", "Neighborhood Analysis")
MANUAL: Code = ("DCM", "123109", "Manual Processing")
SOFTWARE = "CACBoneAxis"


@dataclass(frozen=True, eq=False)
class Segment:
    """One segment: tracking key, codes, colour (0-255) and voxels in axial order.

    ``drawn`` is whether a person placed the region itself, not only a seed in it.
    """

    key: str
    label: str
    category: Code
    type: Code
    region: Code | None
    color: tuple[int, int, int]
    mask: Mask
    drawn: bool = False


@dataclass(frozen=True, eq=False)
class Placed:
    """A segment's place: its segmentation object, its number there, and the instances it covers.

    ``sources`` is SOP Class UID, SOP Instance UID and, of a multi-frame file, the frames from 1.
    """

    dataset: Any
    number: int
    sources: tuple[tuple[str, str, tuple[int, ...] | None], ...]


def lesion_key(lesion: Mapping[str, Any]) -> str:
    """Return a lesion's tracking key within its series: its seeds, which stay when lesions are added."""
    return " + ".join(lesion["seeds"]) or f"lesion {lesion['id']}"


def result_segments(
    result: Mapping[str, Any], calcium_masks: Mapping[int, Mask], bone_masks: Mapping[str, Mask]
) -> list[Segment]:
    """Return a segment per lesion and vertebra that has voxels, without implausibly large lesions."""
    segments = []
    for lesion in result["calcium"]["lesions"]:
        mask = calcium_masks.get(lesion["id"])
        if mask is None or lesion["status"] == "implausible":
            continue
        color = lesion_color(lesion)
        key, region = lesion_key(lesion), territory_code(lesion["territory"])
        # A program that adds up volumes must find only those that count.
        words = "lesion" if has_score(lesion) else "not scored: lesion"
        label = f"{words} {lesion['id']}, {key}"[:64]
        segments.append(Segment(key, label, CALCIUM_CATEGORY, CALCIUM_TYPE, region, color, mask))
    for vertebra in result["bone"]["vertebrae"]:
        level = vertebra["level"]
        if level in bone_masks:
            drawn = vertebra["source"] == "roi"
            color = level_color(level)
            segments.append(
                Segment(
                    level, f"{level} region", BONE_CATEGORY, level_code(level), None, color, bone_masks[level], drawn
                )
            )
    return segments


def write_segments(
    segments: Sequence[Segment], series: SourceSeries, version: str, made: datetime, name: str, number: int
) -> dict[str, Placed]:
    """Write segments into segmentation objects and return where each went, by key.

    Segments that share voxels go to different objects; without overlap there is one.

    Parameters
    ----------
    segments : at least one
    series : of the CT
    version : of this software
    made : when the result was made
    name : description of the series
    number : of the series
    """
    placed: dict[str, Placed] = {}
    uid = series.new_uid(name, made.isoformat())
    for layer, together in enumerate(layers(segments), start=1):
        dataset = _object(together, series, version, made, (name, uid, number, layer))
        for n, segment in enumerate(together, start=1):
            placed[segment.key] = Placed(dataset, n, _sources(segment.mask, series))
    return placed


def layers(segments: Sequence[Segment]) -> list[list[Segment]]:
    """Group segments so that none overlap within a group, in greedy order."""
    groups: list[list[Segment]] = []
    for segment in segments:
        free = (group for group in groups if not any(_overlap(segment.mask, other.mask) for other in group))
        group = next(free, None)
        if group is None:
            groups.append(group := [])
        group.append(segment)
    return groups


def _overlap(one: Mask, other: Mask) -> bool:
    low = np.maximum(one.offset, other.offset)
    high = np.minimum(np.add(one.offset, one.voxels.shape), np.add(other.offset, other.voxels.shape))
    if np.any(high <= low):
        return False
    blocks = [
        m.voxels[tuple(slice(a - o, b - o) for a, b, o in zip(low, high, m.offset, strict=True))] for m in (one, other)
    ]
    return bool(np.any(blocks[0] & blocks[1]))


def _object(
    segments: Sequence[Segment],
    series: SourceSeries,
    version: str,
    made: datetime,
    names: tuple[str, str, int, int],
) -> Any:
    hd = highdicom()
    name, series_uid, number, instance = names
    labels = series.stored({n: segment.mask for n, segment in enumerate(segments, start=1)})
    if len(segments) < np.iinfo(np.uint8).max:
        labels = labels.astype(np.uint8)
    if series.enhanced:
        sources = list(series.datasets)
        labels = _by_frame(labels, series)
    else:
        used = np.flatnonzero(labels.any(axis=(1, 2)))
        sources, labels = [series.datasets[k] for k in used], labels[used]
    return hd.seg.Segmentation(
        source_images=sources,
        pixel_array=labels,
        segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=list(_descriptions(segments, series, version)),
        series_instance_uid=series_uid,
        series_number=number,
        sop_instance_uid=series.new_uid(name, made.isoformat(), str(instance)),
        instance_number=instance,
        manufacturer=SOFTWARE,
        manufacturer_model_name=SOFTWARE,
        software_versions=version,
        device_serial_number=version,
        content_label="CACBONEAXIS",
        content_description=name,
        series_description=name,
        pixel_measures=_measures(series),
    )


def _sources(mask: Mask, series: SourceSeries) -> tuple[tuple[str, str, tuple[int, ...] | None], ...]:
    planes = series.planes(mask)
    if series.enhanced:
        one = series.datasets[0]
        frames = tuple(sorted(series.stack.slices[k].frame + 1 for k in planes))
        return ((str(one.SOPClassUID), str(one.SOPInstanceUID), frames),)
    return tuple((str(series.datasets[k].SOPClassUID), str(series.datasets[k].SOPInstanceUID), None) for k in planes)


def _by_frame(labels: NDArray, series: SourceSeries) -> NDArray:
    """Reorder labels to a multi-frame file's frames; frames that are not slices stay empty."""
    ordered = np.zeros((int(series.datasets[0].NumberOfFrames), *labels.shape[1:]), dtype=labels.dtype)
    ordered[[one.frame for one in series.stack.slices]] = labels
    return ordered


def _measures(series: SourceSeries) -> Any:
    geometry = series.stack.geometry
    x, y, z = geometry.spacing_mm
    return highdicom().PixelMeasuresSequence(pixel_spacing=(y, x), slice_thickness=z, spacing_between_slices=z)


def _descriptions(segments: Sequence[Segment], series: SourceSeries, version: str) -> Iterator[Any]:
    hd = highdicom()
    for number, segment in enumerate(segments, start=1):
        family = MANUAL if segment.drawn else NEIGHBOURHOOD
        yield hd.seg.SegmentDescription(
            segment_number=number,
            segment_label=long_text(segment.label) or str(number),
            segmented_property_category=coded(segment.category),
            segmented_property_type=coded(segment.type),
            algorithm_type=hd.seg.SegmentAlgorithmTypeValues.SEMIAUTOMATIC,
            algorithm_identification=hd.AlgorithmIdentificationSequence(SOFTWARE, coded(family), version),
            tracking_uid=series.new_uid("tracked", segment.key),
            tracking_id=segment.key,
            anatomic_regions=None if segment.region is None else [coded(segment.region)],
            display_color=_cielab(segment.color),
        )


def _cielab(color: tuple[int, int, int]) -> Any:
    kind = highdicom().color.CIELabColor
    # Older versions of highdicom do not convert.
    return kind.from_rgb(*color) if hasattr(kind, "from_rgb") else None
