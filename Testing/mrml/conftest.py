"""A fresh Slicer scene for each test of the scene code."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def scene():
    """An empty scene with the application's logics; skips where slicer-core is not installed."""
    pytest.importorskip("slicer", reason="slicer-core is not installed")
    import bare_scene

    scene = bare_scene.new_scene()
    yield scene
    bare_scene.close_scene(scene)


SPACING_XYZ = (0.7, 0.8, 3.0)
ORIGIN_LPS = (-30.0, -20.0, 100.0)


@pytest.fixture
def small_ct():
    """A body of 40 HU in air with two calcifications and a vertebra, as CTImage.

    LAD: 3 x 2 pixels of 250 HU in slices 4 and 5. RCA: 2 x 2 pixels of 450 HU in slice 7.
    Vertebra: 24 x 18 x 12 mm and more of 180 HU.
    """
    import numpy as np

    from CACBoneAxisLib.imaging.acquisition import Acquisition
    from CACBoneAxisLib.imaging.geometry import ImageGeometry
    from CACBoneAxisLib.imaging.image import CTImage

    hu = np.full((12, 80, 90), -1000, dtype=np.int16)
    hu[:, 5:75, 5:85] = 40
    hu[4:6, 20:22, 30:33] = 250
    hu[7, 24:26, 50:52] = 450
    # Not 130 HU or more, which would make it one candidate with nothing to say.
    hu[2:10, 45:72, 25:65] = 120
    geometry = ImageGeometry(hu.shape, SPACING_XYZ, ORIGIN_LPS)
    return CTImage(hu, geometry, Acquisition(kvp=120.0, contrast=False))


@pytest.fixture
def small_study(small_ct):
    """The small CT with one seed per calcification and one region."""
    from CACBoneAxisLib.imaging.markups import Box, ControlPoint, PointList, region_center
    from CACBoneAxisLib.study import StudyInputs

    def at(z, y, x):
        return tuple(float(v) for v in small_ct.geometry.to_lps((x, y, z)))

    seeds = PointList("Seeds", (ControlPoint("LAD-1", at(4, 20, 31)), ControlPoint("RCA-1", at(7, 24, 50))))
    center = tuple(float(v) for v in region_center(at(5.5, 58, 45)))
    region = Box("L1", center, (20.0, 16.0, 10.0), label="L1")
    return StudyInputs(small_ct, (seeds,), (region,))


@pytest.fixture
def small_result(small_study):
    """What the library says about the small study."""
    from CACBoneAxisLib.study import analyze

    return analyze(small_study)


@pytest.fixture
def database(scene, small_ct, dicom_writer, monkeypatch, tmp_path_factory):
    """Return a maker of the small CT as a volume whose files a DICOM database knows.

    ``axial`` or ``coronal`` is how its slices are stored; each call makes a new series.
    """
    from types import SimpleNamespace

    import numpy as np
    import pydicom
    import slicer

    from CACBoneAxisLib.imaging.geometry import ImageGeometry

    known = {}
    database = SimpleNamespace(fileForInstance=lambda uid: str(known.get(uid, "")))
    monkeypatch.setattr(slicer, "dicomDatabase", database, raising=False)

    def make(kind):
        hu, grid = small_ct.hu, small_ct.geometry
        if kind == "coronal":
            x, y, z = grid.spacing_mm
            origin = tuple(float(v) for v in grid.to_lps([0, 0, grid.shape[0] - 1]))
            hu = hu[::-1].transpose(1, 0, 2)
            axes = ((1.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.0, -1.0, 0.0))
            grid = ImageGeometry(hu.shape, (x, z, y), origin, axes)
        folder = tmp_path_factory.mktemp(kind)
        files = dicom_writer.write_series(folder, hu, grid, header={"FrameOfReferenceUID": "1.2.3"})
        uids = [str(pydicom.dcmread(path).SOPInstanceUID) for path in files]
        known.update(zip(uids, files, strict=True))
        volume = slicer.util.addVolumeFromArray(np.ascontiguousarray(hu), grid.index_to_ras, "CT")
        volume.SetAttribute("DICOM.instanceUIDs", " ".join(uids))
        return SimpleNamespace(volume=volume, files=files, uids=uids)

    return make


@pytest.fixture
def volume(scene, small_ct):
    """The small CT in the scene."""
    from CACBoneAxisLib.mrml.archive import add_volume

    return add_volume(small_ct, scene)


@pytest.fixture
def nodes(scene, small_study, small_result):
    """The small study as nodes of the scene."""
    from CACBoneAxisLib.mrml.archive import add_study

    return add_study(small_result, small_study, scene)
