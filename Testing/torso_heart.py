"""The torso's heart as a segmentation that a person or a network would have made, for what reads one."""

from __future__ import annotations

import numpy as np

from CACBoneAxisLib.imaging.labels import LabelImage
from CACBoneAxisLib.phantom import Torso
from CACBoneAxisLib.phantom.heart import AORTA_HIGH, AORTA_LOW, AORTA_RADIUS_MM, CHAMBERS
from CACBoneAxisLib.phantom.torso import scan_frame

NAMES = {
    1: "heart_atrium_right",
    2: "heart_atrium_left",
    3: "heart_ventricle_right",
    4: "heart_ventricle_left",
    5: "aorta",
}


def heart_labels_of(torso: Torso, step: int = 1) -> LabelImage:
    """Return the chambers (numbers 1 to 4) and the aorta (5) on the torso's grid.

    Parameters
    ----------
    torso : of any size and turn
    step : voxels that share a label, along the rows and columns: a coarse segmentation
    """
    frame = scan_frame(torso.parameters)
    shape = torso.image.geometry.shape
    labels = np.zeros(shape, dtype=np.uint8)
    t = np.linspace(0, 1, 40)
    low, high = AORTA_LOW.point(t), AORTA_HIGH.point(t)
    centers = np.concatenate([low, high])
    radii = np.concatenate([np.linspace(*AORTA_RADIUS_MM[code], 40) for code in ("AA", "DA")])
    for z in range(shape[0]):
        x, y, s = frame.coordinates(((z, z + 1), (0, shape[1]), (0, shape[2])))
        x, y, s = (np.broadcast_to(v, (1, *shape[1:]))[:, ::step, ::step] for v in (x, y, s))
        found = np.zeros(x.shape, dtype=np.uint8)
        for number, name in enumerate(("RA", "LA", "RV", "LV"), start=1):
            found[CHAMBERS[name].distance(x, y, s) < 0] = number
        near = [k for k, c in enumerate(centers) if abs(c[2] - float(s.mean())) < 40]
        for k in near:
            c = centers[k]
            found[(x - c[0]) ** 2 + (y - c[1]) ** 2 + (s - c[2]) ** 2 < radii[k] ** 2] = 5
        labels[z] = np.kron(found[0], np.ones((step, step), dtype=np.uint8))[: shape[1], : shape[2]]
    return LabelImage(labels, torso.image.geometry, dict(NAMES), "heart.seg.nrrd")
