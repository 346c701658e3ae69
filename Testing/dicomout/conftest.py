"""One small study stored in every way a scanner stores one, and what was written of it."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from pydicom.uid import generate_uid
from small_study import small_image, small_region, small_seeds

from CACBoneAxisLib.imaging.geometry import ImageGeometry
from CACBoneAxisLib.imaging.labels import LabelImage
from CACBoneAxisLib.imaging.load import read_ct
from CACBoneAxisLib.imaging.markups import ControlPoint
from CACBoneAxisLib.study import Settings, StudyInputs, StudyResult, analyze

KINDS = ("axial", "coronal", "flipped", "enhanced")
SETTINGS = {
    "calcium": {"mass_factor_mg_per_mm3_per_hu": 0.0008, "suggestions": "list"},
    "bone": {
        "calibration": {"kind": "linear", "slope": 0.8, "intercept": -2.0, "material": "HA"},
        "t_score_reference": "budoff-2010",
        "numbering": {40: "T12"},
        "region": {"erosion_mm": 1.0},
    },
    "patient": {"age_years": 64, "sex": "F"},
}
HEADER = {
    "SpecificCharacterSet": ["", "ISO 2022 IR 87"],
    "PatientName": "Yamada^Tarou=山田^太郎",
    "PatientID": "SECRET-4711",
    "PatientBirthDate": "19600229",
    "PatientSex": "F",
    "StudyID": "77",
    "StudyDate": "20240301",
    "StudyTime": "101010",
    "AccessionNumber": "ACC-1",
    "ReferringPhysicianName": "Referrer^R",
    "FrameOfReferenceUID": "1.2.3.4.5",
    "Manufacturer": "SCANNERS",
}
PDF = b"%PDF-1.4\n%a document of odd length.\n%%EOF"


@dataclass(frozen=True)
class Written:
    """A study in a folder, its inputs and result, and the folder of what was written of it."""

    source: Path
    inputs: StudyInputs
    result: StudyResult
    mapping: dict[str, Any]
    folder: Path
    pdf: bytes = PDF


def _writer(name: str) -> ModuleType:
    path = Path(__file__).resolve().parents[1] / name
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def store(kind: str, folder: Path) -> None:
    """Write the small study's CT into a folder, stored in one of the ``KINDS``."""
    image = small_image()
    hu, g = image.hu, image.geometry
    x, y, z = g.spacing_mm
    last = [n - 1 for n in g.shape[::-1]]
    header = {**HEADER, "SeriesInstanceUID": generate_uid(), "StudyInstanceUID": generate_uid()}
    if kind == "coronal":
        hu = hu[::-1].transpose(1, 0, 2)
        origin = tuple(float(v) for v in g.to_lps([0, 0, last[2]]))
        g = ImageGeometry(hu.shape, (x, z, y), origin, ((1.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.0, -1.0, 0.0)))
    elif kind == "flipped":
        hu = hu[:, ::-1, ::-1]
        origin = tuple(float(v) for v in g.to_lps([last[0], last[1], 0]))
        g = ImageGeometry(hu.shape, (x, y, z), origin, ((-1.0, 0.0, 0.0), (0.0, -1.0, 0.0), (0.0, 0.0, 1.0)))
    folder.mkdir()
    if kind == "enhanced":
        order = [*range(len(hu) - 1, -1, -1)]
        _writer("dicomout/enhanced_writer.py").write_enhanced(folder / "ct.dcm", hu, g, header, order)
    else:
        _writer("imaging/dicom_writer.py").write_series(folder, hu, g, header=header)


def labelled(image: Any) -> LabelImage:
    """Return a labelmap of one vertebra, by number only."""
    labels = np.zeros(image.hu.shape, dtype=np.uint8)
    labels[8:12, 32:53, 12:48] = 40
    return LabelImage(labels, image.geometry)


def heart(image: Any) -> LabelImage:
    """Return a labelmap of a heart, by name, around the lesions."""
    labels = np.zeros(image.hu.shape, dtype=np.uint8)
    labels[2:10, 6:28, 6:50] = 3
    return LabelImage(labels, image.geometry, {3: "heart"})


def study(folder: Path) -> StudyInputs:
    """The study as a reader left it: two lesions, a seed left out, a region, a labelmap, settings."""
    image = read_ct(folder)
    excluded = ControlPoint("AA-1", (0.0, 0.0, 110.0), '{"decision": "excluded", "reason": "Kalk über Stent"}')
    seeds = small_seeds()
    return StudyInputs(
        image,
        (replace(seeds, points=(*seeds.points, excluded)),),
        (small_region(),),
        labelled(image),
        Settings.from_mapping(SETTINGS),
        "study",
        heart=heart(image),
    )


@pytest.fixture(scope="session", params=KINDS)
def written(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Written:
    """The study stored in each way, analysed, and written as DICOM objects."""
    pytest.importorskip("highdicom", reason="highdicom is not installed")
    from CACBoneAxisLib.dicomout.storedreading import StoredReading
    from CACBoneAxisLib.dicomout.write import write_objects

    folder = tmp_path_factory.mktemp(request.param)
    store(request.param, folder / "ct")
    inputs = study(folder / "ct")
    result = analyze(inputs)
    (folder / "out").mkdir()
    mapping = result.to_dict()
    reading = StoredReading(inputs.settings.to_mapping(), inputs.seeds, inputs.regions)
    masks = result.calcium_masks, result.bone_masks
    write_objects(folder / "out", mapping, reading, inputs.image, *masks, PDF, inputs.vertebrae, inputs.heart)
    return Written(folder / "ct", inputs, result, mapping, folder / "out")
