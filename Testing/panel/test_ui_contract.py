"""The .ui file against the code that uses it and against Slicer."""

from __future__ import annotations

import ast
import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent.parent
UI_FILES = sorted((REPOSITORY / "CACBoneAxis" / "Resources" / "UI").glob("*.ui"))
PANEL_FILES = sorted((REPOSITORY / "CACBoneAxisLib" / "panel").glob("*.py"))
MODULE_FILE = REPOSITORY / "CACBoneAxis" / "CACBoneAxis.py"
TREES = {path.stem: ET.parse(path).getroot() for path in UI_FILES}  # noqa: S314 our own files
WIDGETS = {w.get("name"): w for tree in TREES.values() for w in tree.iter("widget")}

# Each widget class of Slicer's with the header it was read in, and the properties, signals and methods used of it.
API = json.loads((Path(__file__).parent / "slicer_api.json").read_text(encoding="utf-8"))
SLICERS = API["widgets"]
CONTROLS = {
    "QPushButton",
    "QLineEdit",
    "QCheckBox",
    "QComboBox",
    "QSpinBox",
    "QDoubleSpinBox",
    "QTableWidget",
    "QListWidget",
    "QTextBrowser",
    "QProgressBar",
    "QToolButton",
    "ctkSliderWidget",
    "ctkPathLineEdit",
    "qMRMLNodeComboBox",
}
# What the code sets because it changes with what is there; Apply and the like have no fixed text.
NOT_BOUND = {"levelComboBox"}
PAIRS = {
    "QCheckBox": {"bool"},
    "QPushButton": {"bool"},
    "QSpinBox": {"int"},
    "QDoubleSpinBox": {"float"},
    "ctkSliderWidget": {"float"},
    "ctkPathLineEdit": {"pathlib.Path"},
    "QLineEdit": {"str"},
}


def own_property(widget: ET.Element, name: str) -> str | None:
    for item in widget.findall("property"):
        if item.get("name") == name:
            return "".join(item.itertext()).strip()
    return None


def fields_of(class_name: str) -> dict[str, str]:
    """The fields of a parameter node and their types, as written."""
    tree = ast.parse(MODULE_FILE.read_text(encoding="utf-8"))
    (cls,) = [n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == class_name]
    fields = {}
    for node in cls.body:
        if isinstance(node, ast.AnnAssign):
            text = ast.unparse(node.annotation)
            fields[node.target.id] = re.sub(r"Annotated\[(.*?), .*", r"\1", text)
    return fields


def parameters() -> dict[str, str]:
    """The choices of the scene and of a reading."""
    return fields_of("CACBoneAxisParameterNode") | fields_of("CACBoneAxisSessionNode")


def test_the_shell_has_a_section_for_each_file():
    text = (REPOSITORY / "CACBoneAxisLib" / "panel" / "forms.py").read_text(encoding="utf-8")
    (named,) = re.findall(r"^FORMS = (\(.*\))$", text, re.MULTILINE)
    forms = ast.literal_eval(named)
    assert {*forms, "CACBoneAxis"} == set(TREES)
    assert all(f"{name[0].lower()}{name[1:]}Section" in WIDGETS for name in forms)
    assert all(tree.find("widget").get("name") == name for name, tree in TREES.items())


def bound() -> dict[str, ET.Element]:
    """The widget bound to each parameter."""
    names = {own_property(w, "SlicerParameterName"): w for w in WIDGETS.values()}
    names.pop(None)
    return names


def test_every_name_that_the_code_uses_is_in_the_file():
    used = set()
    for path in PANEL_FILES:
        text = path.read_text(encoding="utf-8")
        used |= set(re.findall(r"\bui\.(\w+)", text))
    assert used
    assert used <= set(WIDGETS)


def test_names_that_the_code_puts_together_are_in_the_file():
    territories = {f"territory{code}Button" for code in ("LM", "LAD", "LCX", "RCA", "AV", "MV", "AA", "DA")}
    levels = {f"level{level}Button" for level in ("T12", "L1", "L2", "Other")}
    boxes = {"slope": "SpinBox", "intercept": "SpinBox", "calibrationKvp": "SpinBox", "material": "ComboBox"}
    fields = {f"{name}{kind}" for name, box in boxes.items() for kind in ("Label", box)}
    answers = ("diabetes", "smoker", "lipidMedication", "pressureMedication", "familyHistory")
    fields |= {f"{name}ComboBox" for name in answers}
    fields |= {f"{name}SpinBox" for name in ("bmi", "totalCholesterol", "hdl", "systolic")}
    assert territories | levels | fields <= set(WIDGETS)


def test_every_widget_name_occurs_once():
    names = [w.get("name") for tree in TREES.values() for w in tree.iter("widget")]
    assert len(names) == len(set(names))


# State that is chosen with buttons and clicks, or that has no widget.
CHOSEN_OTHERWISE = {"territory", "regions", "otherSettings", "heart", "protocol", "visual"}


def test_every_parameter_has_its_widget_and_no_widget_another_name():
    assert set(bound()) == set(parameters()) - CHOSEN_OTHERWISE


@pytest.mark.parametrize("name", sorted(set(parameters()) - CHOSEN_OTHERWISE))
def test_the_widget_can_show_the_type_of_its_parameter(name):
    """The pairs that Slicer's guiConnectors.py registers."""
    kind, widget = parameters()[name], bound()[name].get("class")
    if kind.startswith("vtkMRML"):
        assert widget == "qMRMLNodeComboBox"
        assert own_property(bound()[name], "nodeTypes") == kind
    elif widget == "QComboBox":
        assert kind in ("Contrast", "Sex")
    else:
        assert kind in PAIRS[widget]


def test_every_control_says_what_it_does():
    text = "\n".join(path.read_text(encoding="utf-8") for path in PANEL_FILES)
    told_by_code = set(re.findall(r"enable\(\s*self\.ui\.(\w+)", text)) | {
        f"level{level}Button" for level in ("T12", "L1", "L2", "Other")
    }
    silent = {
        name
        for name, widget in WIDGETS.items()
        if widget.get("class") in CONTROLS and not own_property(widget, "toolTip") and name not in told_by_code
    }
    assert silent == set()


def test_every_custom_widget_is_slicers_and_declared():
    custom = (
        {w.get("class") for w in WIDGETS.values()} - {c for c in CONTROLS if c.startswith("Q")} - {"QWidget", "QLabel"}
    )
    assert custom == set(SLICERS)
    for tree in TREES.values():
        declared = {c.findtext("class") for c in tree.find("customwidgets")}
        assert {w.get("class") for w in tree.iter("widget")} & custom <= declared


@pytest.mark.parametrize("class_name", sorted(SLICERS))
def test_only_properties_that_slicers_widgets_have_are_set(class_name):
    generic = {"toolTip", "enabled", "SlicerParameterName"}
    for widget in WIDGETS.values():
        if widget.get("class") == class_name:
            assert {p.get("name") for p in widget.findall("property")} <= set(
                SLICERS[class_name]["properties"]
            ) | generic


def test_every_node_selector_hears_of_the_scene():
    for name, tree in TREES.items():
        selectors = {w.get("name") for w in tree.iter("widget") if w.get("class") == "qMRMLNodeComboBox"}
        connected = {
            c.findtext("receiver")
            for c in tree.find("connections")
            if c.findtext("signal") == "mrmlSceneChanged(vtkMRMLScene*)"
            and c.findtext("slot") == "setMRMLScene(vtkMRMLScene*)"
            and c.findtext("sender") == name
        }
        assert connected == selectors


def test_there_is_no_styling_against_slicers_themes():
    for tree in TREES.values():
        assert not [p for p in tree.iter("property") if p.get("name") in ("styleSheet", "palette", "font")]
    for path in PANEL_FILES:
        assert "setStyleSheet" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", [*PANEL_FILES, MODULE_FILE], ids=lambda p: p.name)
def test_no_formatted_text_is_inside_a_translation(path):
    calls = [
        node
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_"
    ]
    assert all(isinstance(call.args[0], ast.Constant) for call in calls)


def meta_object(class_name):
    """What Qt knows of one of its own classes; skips where PySide6 is not installed."""
    widgets = pytest.importorskip("PySide6.QtWidgets", reason="PySide6 is not installed")
    return getattr(widgets, class_name).staticMetaObject


def test_every_signal_that_is_connected_exists():
    from_code = set()
    for path in PANEL_FILES:
        text = path.read_text(encoding="utf-8")
        from_code |= set(re.findall(r"connect\(\s*self\.ui\.(\w+),\s*\"([^\"]+)\"", text))
    assert len(from_code) > 20
    for name, signal in from_code:
        kind = WIDGETS[name].get("class")
        if kind in SLICERS:
            assert signal in SLICERS[kind]["signals"], (name, signal)
        else:
            assert meta_object(kind).indexOfSignal(signal) >= 0, (name, signal)


def test_every_attribute_of_a_widget_that_the_code_uses_exists():
    import keyword

    widgets = pytest.importorskip("PySide6.QtWidgets", reason="PySide6 is not installed")
    for path in PANEL_FILES:
        for name, attribute in re.findall(r"\bself\.ui\.(\w+)\.(\w+)", path.read_text(encoding="utf-8")):
            kind = WIDGETS[name].get("class")
            own = set(SLICERS[kind]["properties"] + SLICERS[kind]["methods"]) if kind in SLICERS else set()
            # What PythonQt gives every widget beside its class.
            base = getattr(widgets, kind, widgets.QWidget)
            known = (
                attribute in own or hasattr(base, attribute) or base.staticMetaObject.indexOfProperty(attribute) >= 0
            )
            assert known or keyword.iskeyword(attribute), (path.name, name, attribute)


def test_every_widget_class_says_where_it_was_read():
    for part in ("widgets", "application"):
        for name, entry in API[part].items():
            repository, path = entry["source"].split()
            assert repository in ("commontk/CTK", "Slicer/Slicer"), name
            assert path.endswith((".h", ".py")), name
