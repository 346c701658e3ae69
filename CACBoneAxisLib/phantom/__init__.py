"""Digital torso with known calcium and bone density."""

from CACBoneAxisLib.phantom.files import to_itk, torso_settings, write_torso
from CACBoneAxisLib.phantom.parameters import Calcification, TorsoParameters
from CACBoneAxisLib.phantom.torso import Torso, make_torso

__all__ = ["Calcification", "Torso", "TorsoParameters", "make_torso", "to_itk", "torso_settings", "write_torso"]
