"""Which lesions the noise of the scan would produce by chance."""

from __future__ import annotations

from statistics import NormalDist

from CACBoneAxisLib.imaging.aorta import BloodPool

# The project's own choice: the heart with its fat, in which noise has its chances.
HEART_VOLUME_MM3 = 700_000.0


def chance_peak_hu(blood: BloodPool, voxel_volume_mm3: float) -> float:
    """Return the HU that noise alone is expected to reach once in a heart.

    Of N voxels with the blood's mean and the noise of the aorta, normally distributed, one is
    expected at or above mean + z x noise with N x (1 - Phi(z)) = 1; N is 700 cm3 over the
    voxel's volume. Noise of neighbouring voxels goes together, so this is on the safe side.

    Parameters
    ----------
    blood : what was measured in the aorta
    voxel_volume_mm3 : mm3
    """
    voxels = max(2.0, HEART_VOLUME_MM3 / voxel_volume_mm3)
    return blood.hu + NormalDist().inv_cdf(1 - 1 / voxels) * blood.noise_hu
