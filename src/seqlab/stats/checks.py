"""What functions ask of their arguments."""

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


def numbers(values: npt.ArrayLike, name: str, dimensions: int, *, infinite: bool = False) -> FloatArray:
    """As an array of numbers with so many dimensions, none of them empty.

    Args:
        values: such an array, or what can be made one.
        name: what it is called in a refusal.
        dimensions: how many.
        infinite: whether infinite numbers will do.

    Raises:
        ValueError: if it is not that.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != dimensions or array.size == 0:
        raise ValueError(
            f"{name}: shape {array.shape}; allowed: {dimensions} dimension(s), none of them empty"
        )
    wrong = np.isnan(array) if infinite else ~np.isfinite(array)
    if wrong.any():
        what = "NaN" if infinite else "NaN or infinite"
        raise ValueError(f"{name}: {int(wrong.sum())} of {array.size} are {what}; allowed: numbers")
    return array


def group_numbers(groups: npt.ArrayLike | None, N: int) -> IntArray | None:
    """Groups counted from 0 [N]; None where every item is on its own.

    Raises:
        ValueError: if there is not one group an item.
    """
    if groups is None:
        return None
    array = np.asarray(groups)
    if array.shape != (N,):
        raise ValueError(f"groups: shape {array.shape}; allowed: one an item, ({N},)")
    found = np.unique(array, return_inverse=True)[1].astype(np.int64).reshape(-1)
    return None if N and found.max() + 1 == N else found


def check_confidence(confidence: float) -> None:
    """ValueError unless it lies between 0 and 1."""
    if not 0 < confidence < 1:
        raise ValueError(f"confidence: {confidence}; allowed: above 0 and below 1")
