"""Convert a volume node to a CT image without copying its voxels."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
import slicer
import vtk
from numpy.typing import NDArray

from CACBoneAxisLib.imaging.acquisition import Acquisition
from CACBoneAxisLib.imaging.dicom.slices import is_dicom
from CACBoneAxisLib.imaging.dicom.stack import TILT_TOLERANCE_DEGREES
from CACBoneAxisLib.imaging.dicom.volume import facts_of_files
from CACBoneAxisLib.imaging.findings import Finding, UnusableInputError, finding, refusal
from CACBoneAxisLib.imaging.geometry import RAS_LPS, ImageGeometry, round_spacing
from CACBoneAxisLib.imaging.hounsfield import as_hounsfield
from CACBoneAxisLib.imaging.image import CTImage, ImageSource
from CACBoneAxisLib.imaging.orient import to_axial
from CACBoneAxisLib.mrml.attributes import json_attribute
from CACBoneAxisLib.study.schemacheck import first_problem
from CACBoneAxisLib.study.schematypes import of_class

# Rounding of a matrix stored with six digits, mm.
IDENTITY_TOLERANCE = 1e-4

MOST_HEADERS_TRIED = 10

ACQUISITION_ATTRIBUTE = "CACBoneAxis.Acquisition"
# Set by Slicer's DICOM reader: SOP Instance UIDs of a volume's source images.
INSTANCES_ATTRIBUTE = "DICOM.instanceUIDs"
# Marks bone density overlays (mrml/density.py).
DENSITY_ATTRIBUTE = "CACBoneAxis.Density"


def image_from_volume(volume: Any) -> CTImage:
    """Return a scalar volume node as a CT image in axial order.

    Parameters
    ----------
    volume : vtkMRMLScalarVolumeNode
        In any axis order.

    Returns
    -------
    CTImage
        ``hu`` is a read-only view of the node's voxels if they are 16 bit, as in CT; do not
            write to it. The acquisition comes from :func:`acquisition_of`.

    Raises
    ------
    UnusableInputError
        If the volume is missing, has no voxels or a single slice, is a label volume, does not
            look like a CT, or is under a transform.
    """
    if volume is None:
        raise refusal("node-missing", what="CT volume")
    name = str(volume.GetName())
    if volume.IsA("vtkMRMLLabelMapVolumeNode"):
        raise refusal("not-hu", file=name, why="it is a label volume")
    if is_density(volume):
        raise refusal("not-hu", file=name, why="it shows bone density in colour")
    if volume.GetImageData() is None or volume.GetImageData().GetNumberOfPoints() == 0:
        raise refusal("node-empty", node=name)
    hounsfield = as_hounsfield(slicer.util.arrayFromVolume(volume), name)
    hu, geometry = to_axial(hounsfield.values, volume_geometry(volume))
    if geometry.shape[0] < 2:
        raise refusal("single-slice", file=name)
    acquisition = acquisition_of(volume)
    if acquisition.modality not in (None, "CT"):
        raise refusal("not-hu", file=name, why=f"its DICOM header says {acquisition.modality}, not CT")
    # A volume's name often contains the patient's, so results omit it.
    findings = (*hounsfield.findings, *_newer_facts(volume), *facts_of_files(_files_of(volume))[1])
    return CTImage(hu, geometry, acquisition, ImageSource("image", "Slicer scene"), findings)


def may_be_scan(node: Any) -> bool:
    """Return whether a node may be a CT: scalars, not labels or our overlays."""
    scalars = node is not None and node.IsA("vtkMRMLScalarVolumeNode")
    return scalars and node.GetClassName() == "vtkMRMLScalarVolumeNode" and not is_density(node)


def is_density(node: Any) -> bool:
    """Return whether a volume node is one of our density overlays."""
    return node is not None and node.GetAttribute(DENSITY_ATTRIBUTE) is not None


def volume_geometry(volume: Any) -> ImageGeometry:
    """Return a volume's geometry, LPS mm, in the node's axis order.

    Raises
    ------
    UnusableInputError
        If the volume is under a transform, or its slices are sheared against each other, which
            Slicer loads unchanged.
    """
    refuse_transformed(volume)
    matrix = RAS_LPS @ ijk_to_ras(volume)
    spacing = np.linalg.norm(matrix[:3, :3], axis=0)
    direction = matrix[:3, :3] / spacing
    _refuse_sheared(direction, volume)
    shape = volume.GetImageData().GetDimensions()[::-1]
    x, y, z = (round_spacing(float(s)) for s in spacing)
    rows = tuple((float(r[0]), float(r[1]), float(r[2])) for r in direction)
    origin = (float(matrix[0, 3]), float(matrix[1, 3]), float(matrix[2, 3]))
    return ImageGeometry((int(shape[0]), int(shape[1]), int(shape[2])), (x, y, z), origin, rows)


def _refuse_sheared(direction: NDArray[np.float64], volume: Any) -> None:
    """Refuse non-orthogonal axes with the message used for files."""
    cosines = (direction.T @ direction)[np.triu_indices(3, 1)]
    degrees = float(np.degrees(np.arcsin(min(1.0, np.abs(cosines).max()))))
    if degrees <= TILT_TOLERANCE_DEGREES:
        return
    if volume.GetAttribute(INSTANCES_ATTRIBUTE):
        raise refusal("gantry-tilt", file=volume.GetName(), degrees=f"{degrees:.1f}")
    raise refusal("not-orthogonal", file=volume.GetName())


def ijk_to_ras(volume: Any) -> NDArray[np.float64]:
    """Return a volume node's 4 x 4 IJK to RAS mm matrix, without parent transform."""
    matrix = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(matrix)
    return np.asarray(slicer.util.arrayFromVTKMatrix(matrix), dtype=float)


def refuse_transformed(node: Any) -> None:
    """Refuse a node under a transform: it is displayed elsewhere than stored.

    Raises
    ------
    UnusableInputError
        If the node has a parent transform other than the identity.
    """
    transform = node.GetParentTransformNode()
    if transform is None:
        return
    matrix = vtk.vtkMatrix4x4()
    linear = bool(transform.IsTransformToWorldLinear()) and transform.GetMatrixTransformToWorld(matrix)
    if not linear or not np.allclose(slicer.util.arrayFromVTKMatrix(matrix), np.eye(4), atol=IDENTITY_TOLERANCE):
        name = "node-uneven" if _is_of_acquisition(node, transform) else "node-transform"
        raise refusal(name, node=node.GetName(), transform=transform.GetName())


def transform_over(nodes: Iterable[Any]) -> str:
    """Return the sentence about the first node under a transform, empty if none is."""
    for node in nodes:
        try:
            if node is not None:
                refuse_transformed(node)
        except UnusableInputError as error:
            return str(error)
    return ""


def _is_of_acquisition(node: Any, transform: Any) -> bool:
    """Return whether Slicer's DICOM reader added the transform for irregular slices."""
    return bool(transform.IsA("vtkMRMLGridTransformNode") and node.GetAttribute(INSTANCES_ATTRIBUTE))


def acquisition_of(volume: Any) -> Acquisition:
    """Return the known acquisition of a volume, possibly all unknown.

    From the node (:func:`keep_acquisition`), else from the header of a volume loaded from the DICOM
    database.
    """
    facts = _kept_facts(volume)
    if facts:
        if first_problem(facts, of_class(Acquisition) | {"required": []}):
            raise refusal("scene-damaged", what=ACQUISITION_ATTRIBUTE)
        return Acquisition.from_mapping(facts)
    return facts_of_files(_files_of(volume))[0]


def _kept_facts(volume: Any) -> dict[str, Any]:
    return json_attribute(volume, ACQUISITION_ATTRIBUTE, {})


def _newer_facts(volume: Any) -> tuple[Finding, ...]:
    """Return the finding about facts stored by a newer version, if any."""
    names = sorted(set(_kept_facts(volume)) - {field.name for field in fields(Acquisition)})
    return (finding("acquisition-newer", names=", ".join(names)),) if names else ()


def _files_of(volume: Any) -> tuple[Path, ...]:
    """Return the files of a volume's slices still in the DICOM database."""
    uids = (volume.GetAttribute(INSTANCES_ATTRIBUTE) or "").split()
    database = getattr(slicer, "dicomDatabase", None)
    if not uids or not database:
        return ()
    # Do not query slice by slice for a series that is missing entirely.
    paths = [Path(path) for uid in uids[:MOST_HEADERS_TRIED] if (path := database.fileForInstance(uid))]
    if not any(is_dicom(path) for path in paths):
        return ()
    paths += [Path(path) for uid in uids[MOST_HEADERS_TRIED:] if (path := database.fileForInstance(uid))]
    return tuple(dict.fromkeys(paths))


def keep_acquisition(volume: Any, acquisition: Acquisition) -> None:
    """Store the acquisition with a volume node, so a scene needs no DICOM files."""
    facts = {name: value for name, value in asdict(acquisition).items() if value is not None}
    if facts:
        # Facts known only to a newer version stay with the scene.
        facts = {**_kept_facts(volume), **facts}
        volume.SetAttribute(ACQUISITION_ATTRIBUTE, json.dumps(facts, allow_nan=False))
