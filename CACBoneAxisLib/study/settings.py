"""Settings of a study with every default, as frozen dataclasses."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from functools import cache
from math import isfinite
from pathlib import Path
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from CACBoneAxisLib.bone.protocol import BoneProtocol
from CACBoneAxisLib.calcium.patient import Patient
from CACBoneAxisLib.calcium.protocol import CalciumProtocol, with_preset
from CACBoneAxisLib.calcium.visual import VisualReading
from CACBoneAxisLib.imaging.acquisition import Acquisition, ScanFacts
from CACBoneAxisLib.imaging.filekinds import refuse_other
from CACBoneAxisLib.imaging.findings import refusal
from CACBoneAxisLib.imaging.jsontext import check_values, parse_json

T = TypeVar("T")


# A value outside these limits is a typing error or in another unit (mmol/L for mg/dL).
PATIENT_LIMITS: dict[str, tuple[float, float]] = {
    "bmi_kg_m2": (8, 120),
    "total_cholesterol_mg_dl": (40, 1500),
    "hdl_mg_dl": (5, 300),
    "systolic_mmhg": (40, 320),
}
AGES, KVPS = (0.0, 120.0), (40.0, 200.0)


@dataclass(frozen=True)
class StatedPatient(Patient):
    """The user's statements about the patient; None where nothing is stated."""

    def __post_init__(self) -> None:
        """Raise ValueError for an implausible number."""
        for name, (low, high) in PATIENT_LIMITS.items():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise ValueError(f"patient.{name} must be from {low:g} to {high:g}, not {value:g}")
        if self.age_years is not None and not AGES[0] <= self.age_years <= AGES[1]:
            raise ValueError(f"patient.age_years must be from 0 to 120, not {self.age_years:g}")


@dataclass(frozen=True)
class StatedAcquisition(ScanFacts):
    """The user's statements about the scan; where they overrule the file, a finding says so."""

    def __post_init__(self) -> None:
        """Raise ValueError for an implausible number."""
        if self.kvp is not None and not KVPS[0] <= self.kvp <= KVPS[1]:
            raise ValueError(f"acquisition.kvp must be from 40 to 200, not {self.kvp:g}")
        if self.slice_thickness_mm is not None and not 0 < self.slice_thickness_mm <= 50:
            raise ValueError(f"acquisition.slice_thickness_mm must be more than 0, not {self.slice_thickness_mm:g}")


@dataclass(frozen=True)
class Settings:
    """All settings of a study; the defaults are printed back in every result."""

    calcium: CalciumProtocol = field(default_factory=CalciumProtocol)
    bone: BoneProtocol = field(default_factory=BoneProtocol)
    patient: StatedPatient = field(default_factory=StatedPatient)
    acquisition: StatedAcquisition = field(default_factory=StatedAcquisition)
    visual: VisualReading = field(default_factory=VisualReading)

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any]) -> Settings:
        """Build settings from nested names and values, as in a settings file.

        Raises
        ------
        UnusableInputError
            One sentence that names the entry, for an unknown name, a value of the wrong
            kind or one out of range.
        """
        try:
            stated = mapping.get("calcium") if isinstance(mapping, Mapping) else None
            if isinstance(stated, Mapping):
                mapping = {**mapping, "calcium": with_preset(dict(stated))}
            return _build(cls, mapping, "")
        except ValueError as error:
            raise refusal("settings-invalid", problem=str(error)) from None

    def to_mapping(self) -> dict[str, Any]:
        """Return the settings as nested names and values, the inverse of ``from_mapping``."""
        mapping = asdict(self)
        mapping["bone"]["hu_thresholds"] = _plain(mapping["bone"]["hu_thresholds"])
        for name in ("numbering", "estimates", "site_references"):
            mapping["bone"][name] = _plain(mapping["bone"][name])
        calibration = mapping["bone"]["calibration"]
        for name in ("rods", "rod_centers_ras_mm", "residuals_hu", "energies_kev", "ha_hu_per_100", "water_hu"):
            calibration[name] = [_plain(item) for item in calibration[name]]
        mapping["calcium"]["weight_thresholds_hu"] = list(mapping["calcium"]["weight_thresholds_hu"])
        return mapping

    @property
    def stated(self) -> Acquisition:
        """The user's statements as an acquisition, to merge with that of the file."""
        return Acquisition(**asdict(self.acquisition), sex=self.patient.sex, age_years=self.patient.age_years)

    def patient_known(self, acquisition: Acquisition) -> Patient:
        """Return the patient with age and sex of file and user together."""
        stated = {**asdict(self.patient), "age_years": acquisition.age_years, "sex": acquisition.sex}
        return Patient(**stated)


def read_settings(path: str | Path) -> dict[str, Any]:
    """Return the entries of a JSON or TOML settings file, unchecked.

    Raises
    ------
    UnusableInputError
        When the file is missing or is neither.
    """
    path = Path(path)
    if path.exists():
        refuse_other(path, "settings")
    try:
        text = path.read_text(encoding="utf-8-sig")
        content = tomllib.loads(text) if path.suffix.lower() == ".toml" else parse_json(text)
        check_values(content)
    except FileNotFoundError:
        raise refusal("file-missing", file=path.name) from None
    except (OSError, ValueError, RecursionError):
        raise refusal("settings-invalid", problem=f"{path.name} is neither JSON nor TOML, or is damaged") from None
    if not isinstance(content, dict):
        raise refusal("settings-invalid", problem=f"{path.name} does not hold named settings")
    return content


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Merge nested settings; entries of ``over`` replace those of ``base``.

    Examples
    --------
    >>> merge({"calcium": {"threshold_hu": 130, "volume": "voxels"}}, {"calcium": {"threshold_hu": 145}})
    {'calcium': {'threshold_hu': 145, 'volume': 'voxels'}}
    """
    merged = dict(base)
    for name, value in over.items():
        old = merged.get(name)
        merged[name] = merge(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return merged


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    return {str(k): v for k, v in value.items()} if isinstance(value, Mapping) else value


@cache
def _hints(cls: type) -> dict[str, Any]:
    return get_type_hints(cls)


def _build(cls: type[T], mapping: Any, where: str) -> T:
    if not isinstance(mapping, Mapping):
        raise ValueError(f"{where.rstrip('.')} must hold named entries")
    hints = _hints(cls)  # type: ignore[arg-type]
    known = {f.name for f in fields(cls)}  # type: ignore[arg-type]
    for name in mapping:
        if name not in known:
            raise ValueError(f"there is no setting {where}{name}; known are {', '.join(sorted(known))}")
    return cls(**{name: _value(hints[name], value, f"{where}{name}") for name, value in mapping.items()})


def _value(hint: Any, value: Any, where: str) -> Any:
    """Convert a value to the type of a field's annotation; ValueError where it is another."""
    if is_dataclass(hint):
        return _build(hint, value, f"{where}.")  # type: ignore[arg-type]
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        problems = []
        for option in get_args(hint):
            try:
                return _value(option, value, where)
            except ValueError as error:
                problems.append(error)
        raise problems[0]
    if origin is Literal:
        if value not in get_args(hint):
            raise ValueError(f"{where} must be one of {', '.join(map(str, get_args(hint)))}, not {value}")
        return value
    if origin is tuple and isinstance(value, list | tuple):
        return tuple(_value(get_args(hint)[0], item, where) for item in value)
    if hint is float and isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value):
        return float(value)
    kind = origin or hint
    if kind is type(None):
        if value is None:
            return None
    elif kind is int and isinstance(value, bool):
        pass
    elif kind is not float and isinstance(value, kind):
        return value
    names = {float: "a number", str: "text", bool: "true or false", tuple: "a list", type(None): "empty", int: "whole"}
    raise ValueError(f"{where} must be {names.get(kind, 'of another kind')}, not {value!r}")
