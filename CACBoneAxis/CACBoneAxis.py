"""CACBoneAxis in 3D Slicer: coronary calcium and vertebral bone density from one CT.

What the application needs to see stands here: the module, its parameter node, the
widget's shell, the logic for the Python console and the self test. What is computed
and shown stands in CACBoneAxisLib, which is imported when it is first used.
"""

import enum
import importlib.metadata
import logging
import pathlib
import sys
import tempfile
import unittest
from typing import Annotated

import slicer
from slicer import (
    vtkMRMLMarkupsFiducialNode,
    vtkMRMLMarkupsROINode,
    vtkMRMLScalarVolumeNode,
    vtkMRMLSegmentationNode,
)
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.parameterNodeWrapper import WithinRange, parameterNodeWrapper
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)

HERE = pathlib.Path(__file__).parent
# Another object each time that this file is loaded, which tells a library from before a reload.
LOADING = object()


def findLibrary():
    """Make this module's own CACBoneAxisLib the one that is imported, whatever else is installed or loaded.

    Installed, it lies beside this file; in the source tree one folder up, so that Slicer does not take its files
    for modules. A library of another place, or from before a reload, is dropped and imported anew.
    """
    home = HERE if (HERE / "CACBoneAxisLib").is_dir() else HERE.parent
    if sys.path[:1] != [str(home)]:
        sys.path[:] = [str(home), *(path for path in sys.path if path != str(home))]
    loaded = sys.modules.get("CACBoneAxisLib")
    foreign = loaded is not None and not pathlib.Path(loaded.__file__).parent.samefile(home / "CACBoneAxisLib")
    if foreign or getattr(loaded, "loading", LOADING) is not LOADING:
        for name in [n for n in sys.modules if n.split(".")[0] == "CACBoneAxisLib"]:
            del sys.modules[name]
    anew = "CACBoneAxisLib" not in sys.modules
    import CACBoneAxisLib

    CACBoneAxisLib.loading = LOADING
    own = CACBoneAxisLib.__version__
    installed = next(iter(importlib.metadata.distributions(name="cacboneaxis", path=sys.path[1:])), None)
    others = {"was loaded": loaded.__version__ if foreign else own, "is installed": installed and installed.version}
    differing = [f"{version} {state}" for state, version in others.items() if version not in (None, own)]
    if anew and differing:
        logging.warning("Own library %s is used; %s.", own, " and ".join(differing))


class CACBoneAxis(ScriptedLoadableModule):
    """What Slicer shows about the module before it is opened."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        self.parent.title = _("CAC Bone Axis")
        self.parent.categories = [translate("qSlicerAbstractCoreModule", "Quantification")]
        self.parent.dependencies = ["Markups", "Segmentations", "Volumes"]
        self.parent.contributors = ["The CACBoneAxis authors"]
        self.parent.helpText = _(
            "Scores coronary calcium and measures vertebral bone density in one non-contrast CT of the chest. "
            "Click on the calcifications of each artery, press a level and click in its vertebra, save the report. "
            'See the <a href="https://github.com/cacboneaxis/SlicerCACBoneAxis">documentation</a>. '
            "For research use only; not for diagnosis."
        )
        self.parent.acknowledgementText = _("The methods follow Agatston 1990 and the papers cited in the report.")
        findLibrary()
        slicer.app.connect("startupCompleted()", registerSampleData)


def registerSampleData():
    """Offer the public chest CT in Slicer's Sample Data module."""
    import SampleData

    SampleData.SampleDataLogic.registerCustomSampleDataCategory("CACBoneAxis", title=_("CAC Bone Axis"))
    SampleData.SampleDataLogic.registerCustomSampleDataSource(
        category="CACBoneAxis",
        sampleName="CACBoneAxisChestCT",
        thumbnailFileName=str(HERE / "Resources" / "Icons" / "CACBoneAxisChestCT.png"),
        uris="https://github.com/AIM-Harvard/pyradiomics/releases/download/v1.0/lung2_image.nrrd",
        fileNames="CACBoneAxisChestCT.nrrd",
        nodeNames="Chest CT",
        checksums="SHA256:aa2b94eec79127ed786798ac8dc3c013010e1692d5787bebfae1a1e9685a4651",
    )


class Choice(enum.Enum):
    """Base of the choices; values are those of the library's settings, None says nothing.

    Scenes store a choice by its member's name: renaming one breaks saved scenes.
    """

    def label(self):
        """Return what the combo box shows."""
        labels = {"UNKNOWN": _("as the file says"), "NO": _("none given"), "YES": _("given")}
        labels |= {"FEMALE": _("female"), "MALE": _("male")}
        return labels.get(self.name, self.value)


Contrast = Choice("Contrast", {"UNKNOWN": None, "NO": False, "YES": True})
Sex = Choice("Sex", {"UNKNOWN": None, "FEMALE": "F", "MALE": "M"})


@parameterNodeWrapper
class CACBoneAxisParameterNode:
    """What a user chose for one volume: its reading. 0 means "not said" where 0 cannot be meant."""

    volume: vtkMRMLScalarVolumeNode
    kvp: Annotated[int, WithinRange(0, 200)] = 0
    contrast: Contrast = Contrast.UNKNOWN
    ageYears: Annotated[int, WithinRange(0, 120)] = 0
    sex: Sex = Sex.UNKNOWN
    seeds: vtkMRMLMarkupsFiducialNode
    territory: str = "LAD"
    noneFound: bool = False
    heart: vtkMRMLMarkupsROINode
    limitToHeart: bool = True
    heartSegmentation: vtkMRMLSegmentationNode
    protocol: str = "agatston-1990"
    threshold: Annotated[float, WithinRange(50, 3000)] = 130.0
    minimumArea: Annotated[float, WithinRange(0, 10)] = 1.0
    massFactor: Annotated[float, WithinRange(0, 0.01)] = 0.0
    contrastThreshold: Annotated[float, WithinRange(0, 3000)] = 0.0
    contrastSd: Annotated[float, WithinRange(0, 20)] = 0.0
    visual: str = ""
    regions: list[vtkMRMLMarkupsROINode]
    vertebrae: vtkMRMLSegmentationNode
    secondVolume: vtkMRMLScalarVolumeNode
    otherSettings: str = ""
    baseline: vtkMRMLScalarVolumeNode
    baselineFolder: pathlib.Path
    yearsBetween: Annotated[float, WithinRange(0, 60)] = 0.0


@parameterNodeWrapper
class CACBoneAxisSessionNode:
    """What a user chose for the scene: the volume whose reading is shown, folders, habits."""

    volume: vtkMRMLScalarVolumeNode
    liveUpdate: bool = True
    makeLabelVolume: bool = False
    scoreByClicks: bool = True
    cutTool: bool = False
    cutRadius: Annotated[float, WithinRange(0.5, 30)] = 3.0
    sliceOnly: bool = False
    showCandidates: bool = True
    showProtocols: bool = False
    outputFolder: pathlib.Path
    batchFolder: pathlib.Path
    readerName: str = ""


class CACBoneAxisWidget(ScriptedLoadableModuleWidget):
    """What Slicer calls; the panel itself is in CACBoneAxisLib.panel."""

    def __init__(self, parent=None):
        ScriptedLoadableModuleWidget.__init__(self, parent)
        self.logic = None
        self.panel = None

    def setup(self):
        """Build the panel when the module is opened for the first time."""
        ScriptedLoadableModuleWidget.setup(self)
        findLibrary()
        from CACBoneAxisLib.panel.forms import load_forms
        from CACBoneAxisLib.panel.panel import Panel

        uiWidget, self.ui = load_forms(self.resourcePath, slicer.mrmlScene)
        self.layout.addWidget(uiWidget)
        self.logic = CACBoneAxisLogic()
        self.panel = Panel(self.ui, self.logic)
        self.panel.setup()
        # A reload while the module is shown calls no enter().
        if self.parent.isEntered:
            self.panel.enter()

    def cleanup(self):
        """Stop observing the scene when the module is closed or reloaded."""
        if self.panel:
            self.panel.cleanup()

    def enter(self):
        """Follow the scene when the user comes to the module."""
        self.panel.enter()

    def exit(self):
        """Do not follow the scene while another module is shown."""
        self.panel.exit()


class CACBoneAxisLogic(ScriptedLoadableModuleLogic):
    """Everything the panel can do, for the Python console and for scripts.

    Example::

        from CACBoneAxis import CACBoneAxisLogic
        result = CACBoneAxisLogic().analyze(volumeNode, seeds=[seedsNode], regions=[l1, l2])
        print(result.to_dict()["calcium"]["total"]["agatston"])
    """

    def __init__(self, parent=None):
        ScriptedLoadableModuleLogic.__init__(self, parent)
        findLibrary()
        from CACBoneAxisLib.mrml.analyses import Analyses
        from CACBoneAxisLib.mrml.parameternodes import SceneChoices

        self.analyses = Analyses()
        self._choices = SceneChoices(slicer.mrmlScene, CACBoneAxisSessionNode, CACBoneAxisParameterNode)

    def getParameterNode(self):
        """Return the reading of the current volume as CACBoneAxisParameterNode; None where no volume is chosen."""
        return self._choices.reading()

    def getSessionNode(self):
        """Return what is chosen for the scene, the current volume among it, as CACBoneAxisSessionNode."""
        return self._choices.session()

    def analyze(self, volumeNode, seeds=None, regions=(), vertebrae=None, settings=None, progress=None, **shown):
        """Score calcium and measure bone in a CT volume; tables and overlay appear in the scene.

        :param seeds: list of vtkMRMLMarkupsFiducialNode whose points are labelled by artery (LAD, LAD-2, ...);
          None when nobody read the scan for calcium (no score), an empty list when nothing was found (score 0).
        :param regions: list of vtkMRMLMarkupsROINode named by level (T12, L1, ...).
        :param vertebrae: vtkMRMLSegmentationNode whose segments are named by level.
        :param settings: nested dict as in a settings file, e.g. {"calcium": {"minimum_area_mm2": 0.5}}.
        :param progress: called with a message and the part done (0 to 1); what it raises ends the analysis.
        :param shown: show=False leaves the scene as it is; labelVolume=True also makes a label volume.
        :return: StudyResult; its to_dict() is the content of result.json.
        :raises UnusableInputError: one sentence, when the input cannot be used.
        """
        from CACBoneAxisLib.mrml.inputs import ReadingNodes

        nodes = ReadingNodes(volumeNode, None if seeds is None else tuple(seeds), tuple(regions), vertebrae)
        return self.analyzeNodes(nodes, settings, progress, **shown)

    def analyzeNodes(self, nodes, settings=None, progress=None, show=True, labelVolume=False, onlyChanged=False):
        """Do what :meth:`analyze` does, with the nodes in a ReadingNodes."""
        from CACBoneAxisLib.mrml.inputs import analyze_nodes
        from CACBoneAxisLib.mrml.scene import show_result
        from CACBoneAxisLib.study import Settings

        analysis = self.analyses.of(nodes.volume)
        result = analyze_nodes(nodes, Settings.from_mapping(settings or {}), progress=progress, analysis=analysis)
        if show:
            show_result(result, nodes, label_volume=labelVolume, only_changed=onlyChanged)
        return result

    def saveReport(self, volumeNode, folder, **further):
        """Write the report of an analysed volume into a new folder in ``folder``; ``further`` as of ``save_report``."""
        from CACBoneAxisLib.reading.saving import save_report

        return save_report(volumeNode, folder, **further)


class CACBoneAxisTest(ScriptedLoadableModuleTest):
    """Runs the whole way on the digital torso, in the application, with or without its main window."""

    def setUp(self):
        slicer.mrmlScene.Clear()

    def runTest(self):
        """Run every test: what Slicer's Test and Reload and Test buttons do."""
        for name in unittest.defaultTestLoader.getTestCaseNames(type(self)):
            self.setUp()
            getattr(self, name)()

    def test_nodes_and_library_give_the_same_digits(self):
        """The torso through nodes and through the library alone: every number is the same."""
        from CACBoneAxisLib.mrml.selftest import compare_torso

        self.delayDisplay("Analysing the digital torso")
        differences = compare_torso(CACBoneAxisLogic(), slicer.mrmlScene)
        self.assertEqual(differences, [])
        self.delayDisplay("Test passed")

    def test_reading_in_the_panel_gives_the_digits_of_the_command_line(self):
        """The torso read by clicks, reported and approved; the command line on the same decisions: the same digits."""
        from CACBoneAxisLib.cli import main
        from CACBoneAxisLib.panel.selftest import compare_reading

        widget = getattr(slicer.modules, "CACBoneAxisWidget", None) or slicer.util.getModuleWidget("CACBoneAxis")
        self.delayDisplay("Reading the digital torso")
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(compare_reading(widget.panel, slicer.mrmlScene, pathlib.Path(folder), main), [])
        self.delayDisplay("Test passed")
