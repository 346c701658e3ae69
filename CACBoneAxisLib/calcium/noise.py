"""Peak HU that the noise of a scan produces by chance."""

from __future__ import annotations

from statistics import NormalDist

from CACBoneAxisLib.imaging.aorta import BloodPool

# The project's own choice: volume of the heart with its fat.
HEART_VOLUME_MM3 = 700_000.0


def chance_peak_hu(blood: BloodPool, voxel_volume_mm3: float) -> float:
    """Return the HU that noise alone is expected to reach once in a heart.

    Among N normally distributed voxels with the mean and noise of blood, one is expected at or
    above mean + z x noise with N x (1 - Phi(z)) = 1, where N is 700 cm3 over the voxel volume. Noise
    of neighbouring voxels is correlated, so the estimate is on the safe side.

    Parameters
    ----------
    blood : measured in the aorta
    voxel_volume_mm3 : volume of a voxel

    Examples
    --------
    >>> blood = BloodPool(hu=40.0, noise_hu=20.0, voxels=5000, slices=20, where="descending aorta")
    >>> round(chance_peak_hu(blood, voxel_volume_mm3=0.7), 1)  # 1 voxel in a million: z = 4.753
    135.1
    """
    voxels = max(2.0, HEART_VOLUME_MM3 / voxel_volume_mm3)
    return blood.hu + NormalDist().inv_cdf(1 - 1 / voxels) * blood.noise_hu
