"""Textures add structure and no mean."""

from __future__ import annotations

import numpy as np
import pytest

from CACBoneAxisLib.imaging.geometry import ImageGeometry
from CACBoneAxisLib.phantom.canvas import Frame
from CACBoneAxisLib.phantom.textures import Texture


def test_a_texture_has_zero_mean_and_unit_sd():
    texture = Texture(np.random.default_rng(0), (1.5, 1.5, 1.5), 1.0)
    frame = Frame(ImageGeometry((64, 64, 64), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)), 1.0, np.eye(3))
    block = texture.on(frame, ((0, 64), (0, 64), (0, 64)))
    assert block.mean() == pytest.approx(0, abs=1e-5)
    assert block.std() == pytest.approx(1, abs=1e-4)


def test_between_samples_it_is_interpolated_and_repeats_with_its_period():
    texture = Texture(np.random.default_rng(0), (2.0, 2.0, 2.0), 1.0)
    points = np.random.default_rng(1).uniform(0, 63, (3, 50))
    assert texture.at(*points) == pytest.approx(texture.at(*(points + 64)), abs=1e-4)


def test_a_high_passed_texture_averages_out_over_a_vertebral_region():
    texture = Texture(np.random.default_rng(0), (1.1, 0.8, 0.8), 0.8, high_pass=True)
    grid = np.stack(np.meshgrid(*[np.arange(0, 16, 0.7)] * 3, indexing="ij")).reshape(3, -1)
    assert abs(texture.at(*grid).mean()) < 0.05  # of an SD of 1, over 4 cm3
