"""The module file: what Slicer sees before the panel is opened, the logic, and the self test."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")
pytest.importorskip("PySide6", reason="PySide6 is not installed")


@pytest.fixture
def module(host):
    return host.module


def test_importing_the_module_does_not_import_the_library(host):
    library = {name: module for name, module in sys.modules.items() if name.startswith("CACBoneAxisLib")}
    for name in library:
        del sys.modules[name]
    try:
        host._import()
        assert not [name for name in sys.modules if name.startswith("CACBoneAxisLib")]
    finally:
        sys.modules.update(library)


def test_what_the_module_list_shows(module):
    parent = SimpleNamespace()
    module.CACBoneAxis(parent)
    assert parent.title
    assert parent.categories == ["Quantification"]
    assert parent.contributors == ["The CACBoneAxis authors"]
    assert "esearch use" in parent.helpText
    assert set(parent.dependencies) <= {"Markups", "Segmentations", "Volumes"}


@pytest.mark.parametrize("button", ["onTest", "onReloadAndTest"])
def test_the_test_buttons_run_every_test_of_the_module(host, scene, monkeypatch, button):
    from CACBoneAxisLib.mrml import selftest

    host.open()
    from CACBoneAxisLib.panel import selftest as panel_selftest

    ran = []
    monkeypatch.setattr(selftest, "compare_torso", lambda logic, scene: ran.append("nodes") or [])
    monkeypatch.setattr(panel_selftest, "compare_reading", lambda *arguments: ran.append("panel") or [])
    host.module.CACBoneAxis(SimpleNamespace())
    before = host.widget
    getattr(host.widget, button)()
    assert ran == ["nodes", "panel"]
    assert (host.widget is before) == (button == "onTest")
    monkeypatch.setattr(selftest, "compare_torso", lambda logic, scene: ["calcium"])
    with pytest.raises(AssertionError):
        host.widget.onTest()


@pytest.fixture
def library_put_back(monkeypatch):
    """The library and the path are afterwards what they were."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    modules = dict(sys.modules)
    yield
    for name in [name for name in sys.modules if name.startswith("CACBoneAxisLib")]:
        del sys.modules[name]
    sys.modules.update({name: module for name, module in modules.items() if name.startswith("CACBoneAxisLib")})


def test_a_module_loaded_again_imports_its_library_again_whoever_reloads_it(module, library_put_back):
    import importlib.util

    module.findLibrary()
    import CACBoneAxisLib

    module.findLibrary()
    assert sys.modules["CACBoneAxisLib"] is CACBoneAxisLib
    specification = importlib.util.spec_from_file_location("CACBoneAxis", module.__file__)
    again = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(again)
    again.findLibrary()
    assert sys.modules["CACBoneAxisLib"] is not CACBoneAxisLib
    assert "CACBoneAxisLib.study" not in sys.modules


def test_a_clone_uses_its_own_library_though_another_is_loaded_and_says_so(module, library_put_back, tmp_path, caplog):
    (tmp_path / "CACBoneAxisLib").mkdir()
    (tmp_path / "CACBoneAxisLib" / "__init__.py").write_text('__version__ = "9.9.9"\n')
    for name in [name for name in sys.modules if name.startswith("CACBoneAxisLib")]:
        del sys.modules[name]
    sys.path.insert(0, str(tmp_path))
    import CACBoneAxisLib as other

    assert other.__version__ == "9.9.9"
    module.findLibrary()
    import CACBoneAxisLib

    assert Path(CACBoneAxisLib.__file__).parent == module.HERE.parent / "CACBoneAxisLib"
    assert "9.9.9" in caplog.text
    assert CACBoneAxisLib.__version__ in caplog.text


def test_another_version_that_is_installed_but_not_loaded_is_said_once(module, library_put_back, tmp_path, caplog):
    for name in [name for name in sys.modules if name.startswith("CACBoneAxisLib")]:
        del sys.modules[name]
    information = tmp_path / "cacboneaxis-9.9.8.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: cacboneaxis\nVersion: 9.9.8\n")
    sys.path.insert(0, str(tmp_path))
    module.findLibrary()
    module.findLibrary()
    import CACBoneAxisLib

    assert caplog.messages == [f"Own library {CACBoneAxisLib.__version__} is used; 9.9.8 is installed."]


def test_sample_data_is_registered(module, monkeypatch):
    registered = []
    logic = SimpleNamespace(
        registerCustomSampleDataCategory=lambda name, title: registered.append(name),
        registerCustomSampleDataSource=lambda **source: registered.append(source),
    )
    monkeypatch.setitem(sys.modules, "SampleData", SimpleNamespace(SampleDataLogic=logic))
    module.registerSampleData()
    category, source = registered
    assert source["category"] == category
    assert source["fileNames"].endswith(".nrrd")


def test_every_choice_has_a_name_for_people_and_a_value_for_the_settings(module):
    for choice, values in ((module.Contrast, {None, True, False}), (module.Sex, {None, "F", "M"})):
        assert {member.value for member in choice} == values
        assert all(isinstance(member.label(), str) and member.label() for member in choice)


def test_the_console_snippet_of_the_documentation(module, scene, small_study, small_result):
    from CACBoneAxisLib.mrml.archive import add_study

    nodes = add_study(small_result, small_study, scene)
    result = module.CACBoneAxisLogic().analyze(nodes.volume, seeds=list(nodes.seeds), regions=list(nodes.regions))
    assert result.to_dict()["calcium"] == small_result.to_dict()["calcium"]
    assert scene.GetNumberOfNodesByClass("vtkMRMLTableNode") == 3


def test_the_logic_leaves_the_scene_alone_when_asked(module, scene, small_study, small_result):
    from CACBoneAxisLib.mrml.archive import add_study

    nodes = add_study(small_result, small_study, scene)
    before = scene.GetNumberOfNodes()
    module.CACBoneAxisLogic().analyze(nodes.volume, seeds=list(nodes.seeds), show=False)
    assert scene.GetNumberOfNodes() == before


def test_the_self_test_passes(module):
    test = module.CACBoneAxisTest()
    test.setUp()
    test.test_nodes_and_library_give_the_same_digits()


@pytest.mark.parametrize("in_view", [True, False])
def test_the_self_test_of_a_reading_in_the_panel_passes(host, in_view):
    host.open()
    if not in_view:
        # As when a script asks for it and no module was opened.
        host.exit()
    test = host.module.CACBoneAxisTest()
    test.test_reading_in_the_panel_gives_the_digits_of_the_command_line()
    assert (host.widget.panel.session is not None) == in_view


def test_a_headless_scene_opens_in_the_panel_with_its_result_current(host, scene, small_study, small_result):
    from CACBoneAxisLib.mrml.archive import add_study
    from CACBoneAxisLib.mrml.scene import show_result
    from CACBoneAxisLib.study import Settings, analyze

    settings = Settings.from_mapping(
        {
            "calcium": {"minimum_area_mm2": 0.5, "mass_factor_mg_per_mm3_per_hu": 0.0008},
            "bone": {"region": {"erosion_mm": 5.0, "shape": "box"}, "hu_thresholds": "none"},
            "patient": {"age_years": 63.0, "sex": "F"},
        }
    )
    from dataclasses import replace

    inputs = replace(small_study, settings=settings)
    result = analyze(inputs)
    nodes = add_study(result, inputs, scene)
    show_result(result, nodes)
    ui = host.open().ui
    assert not host.widget.panel.reading.changed_since_result
    assert ui.minimumAreaSpinBox.value == 0.5
    assert ui.regionShapeComboBox.currentText == "box"
    shown = ui.calciumLabel.text, ui.boneLabel.text
    ui.applyButton.click()
    assert (ui.calciumLabel.text, ui.boneLabel.text) == shown
