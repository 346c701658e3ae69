"""The pictures of lesions and vertebrae."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import numpy as np
from PIL import Image

from CACBoneAxisLib.report.figures import (
    LESION_PIXELS_PER_MM,
    LESION_VIEW_MM,
    VERTEBRA_PIXELS_PER_MM,
    VERTEBRA_VIEW_MM,
    lesion_figures,
    vertebra_figures,
    worst_slice,
)


def pixels(figure: Any) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(figure.png)).convert("RGB"))


def test_each_territory_with_a_scored_lesion_has_its_picture_and_no_other(example: Any) -> None:
    figures = lesion_figures(example.result["calcium"], example.image, example.calcium_masks)
    assert [figure.key for figure in figures] == ["LM", "LAD", "RCA", "DA"]
    assert all(pixels(f).shape[:2] == (LESION_VIEW_MM * LESION_PIXELS_PER_MM,) * 2 for f in figures)


def test_the_worst_lesion_is_the_one_with_the_highest_score(example: Any) -> None:
    lesions = example.result["calcium"]["lesions"]
    lesions[0]["territory"] = "LAD"
    lesions[0]["agatston"] = 1e6
    figures = {f.key: f for f in lesion_figures(example.result["calcium"], example.image, example.calcium_masks)}
    assert figures["LAD"].title.endswith("lesion 1")


def test_the_slice_shown_is_the_one_that_scores_most(example: Any) -> None:
    lesion = example.result["calcium"]["lesions"][1]
    mask = example.calcium_masks[lesion["id"]]
    lesion["slices"][-1]["agatston"] = 1e6
    assert worst_slice(lesion, mask) == lesion["slices"][-1]["index"]
    lesion["slices"] = []
    counts = mask.voxels.sum(axis=(1, 2))
    assert worst_slice(lesion, mask) == mask.offset[0] + int(np.argmax(counts))


def test_the_lesion_lies_in_the_middle_in_its_colour_and_true_size(example: Any) -> None:
    figure = lesion_figures(example.result["calcium"], example.image, example.calcium_masks)[1]
    mask = example.calcium_masks[2]
    red, green, blue = (255, 221, 51)
    picture = pixels(figure)
    rows, columns = np.nonzero((picture == (red, green, blue)).all(axis=2))
    middle = (np.abs(rows - 240) < 100) & (np.abs(columns - 240) < 100)
    rows, columns = rows[middle], columns[middle]
    layer = mask.voxels[worst_slice(example.result["calcium"]["lesions"][1], mask) - mask.offset[0]]
    spacing = example.image.geometry.spacing_mm[0]
    for found, axis in ((rows, 1), (columns, 0)):
        width = layer.any(axis=axis).sum() * spacing * LESION_PIXELS_PER_MM
        assert abs((found.max() - found.min() + 1) - width) <= 2
        assert abs((found.max() + found.min() + 1) / 2 - 240) <= 1


def test_a_vertebra_is_shown_in_three_planes_with_true_proportions(example: Any) -> None:
    figure = vertebra_figures(example.result["bone"], example.image, example.bone_masks)[1]
    picture = pixels(figure).astype(int)
    side = round(VERTEBRA_VIEW_MM * VERTEBRA_PIXELS_PER_MM)
    assert picture.shape[0] == side
    mask = example.bone_masks["L1"]
    dx, dy, dz = example.image.geometry.spacing_mm
    extent = np.array(mask.voxels.shape) * (dz, dy, dx) * VERTEBRA_PIXELS_PER_MM
    for panel, (height, width) in enumerate(((extent[1], extent[2]), (extent[0], extent[1]), (extent[0], extent[2]))):
        part = picture[50 : side - 50, panel * (side + 6) + 40 : panel * (side + 6) + side - 40]
        coloured = part[..., 2] - part[..., 0] > 60
        rows, columns = np.nonzero(coloured)
        assert abs(rows.max() - rows.min() + 1 - height) <= 2
        assert abs(columns.max() - columns.min() + 1 - width) <= 2


def test_captions_say_the_numbers_and_an_unmeasured_vertebra_says_so(example: Any) -> None:
    vertebra = example.result["bone"]["vertebrae"][1]
    figure = vertebra_figures(example.result["bone"], example.image, example.bone_masks)[1]
    assert f"Mean {vertebra['mean_hu']:.1f} ± {vertebra['sd_hu']:.1f} HU" in figure.caption
    vertebra |= {"mean_hu": None, "sd_hu": None, "p10_hu": None, "p90_hu": None, "status": "excluded"}
    figure = vertebra_figures(example.result["bone"], example.image, example.bone_masks)[1]
    assert figure.caption == "Not measured."


def test_a_ct_in_flipped_memory_gives_the_same_picture(example: Any) -> None:
    flipped = replace(example.image, hu=np.ascontiguousarray(example.image.hu[::-1, ::-1])[::-1, ::-1])
    pictures = [
        [f.png for f in lesion_figures(example.result["calcium"], image, example.calcium_masks)]
        + [f.png for f in vertebra_figures(example.result["bone"], image, example.bone_masks)]
        for image in (example.image, flipped)
    ]
    assert pictures[0] == pictures[1]
