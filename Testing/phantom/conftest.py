"""Torsos that several tests measure, each made once."""

from __future__ import annotations

import pytest

from CACBoneAxisLib.phantom import Torso, TorsoParameters, make_torso


@pytest.fixture(scope="session")
def small() -> Torso:
    return make_torso(TorsoParameters.small())


@pytest.fixture(scope="session")
def heart() -> Torso:
    return make_torso(TorsoParameters.heart())


@pytest.fixture(scope="session")
def quiet_heart() -> Torso:
    return make_torso(TorsoParameters.heart(noise_sd_hu=0.0))


@pytest.fixture(scope="session")
def spine() -> Torso:
    return make_torso(TorsoParameters.spine())
