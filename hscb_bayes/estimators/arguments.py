"""Arguments of the estimators, checked once: numbers, events, causes, labels, days.

Whatever is not what an estimator takes is refused by a ``ValueError`` that names the argument, what is required and
what was found. What passes is an array of a known type.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.intp]

LARGEST = 1e100  # squares and sums of smaller numbers are finite
NUMERIC = "biuf"  # NumPy's kinds of booleans, whole numbers and floating-point numbers


def numbers(values: ArrayLike, name: str) -> FloatArray:
    """Numbers of any shape; NaN and infinity pass.

    Raises
    ------
    ValueError
        If there is anything else, or a finite number whose square is not.
    """
    array = _array(values, name)
    if array.dtype.kind not in NUMERIC:
        array = _unpacked(array, name)
    found = array.astype(np.float64, copy=False)
    if np.any((np.abs(found) > LARGEST) & np.isfinite(found)):
        raise ValueError(f"{name}: required numbers below {LARGEST:g} in size, found {np.max(np.abs(found)):g}")
    return found


def finite(values: ArrayLike, name: str) -> FloatArray:
    """Finite numbers of any shape.

    Raises
    ------
    ValueError
        If there is anything else.
    """
    found = numbers(values, name)
    _refuse(~np.isfinite(found), found, f"{name}: required finite numbers")
    return found


def days(values: ArrayLike, name: str = "day") -> FloatArray:
    """Days of any shape; infinity passes, NaN does not.

    Raises
    ------
    ValueError
        If there is anything else.
    """
    found = numbers(values, name)
    _refuse(np.isnan(found), found, f"{name}: required days")
    return found


def events(values: ArrayLike, name: str = "event") -> FloatArray:
    """Whether each patient had the event, as 0 and 1; shape as given.

    Raises
    ------
    ValueError
        If there is anything but booleans, 0 and 1.
    """
    found = _array(values, name)
    if found.dtype.kind == "b":
        return found.astype(np.float64)
    found = numbers(found, name)
    _refuse(
        (found != 0.0) & (found != 1.0),
        found,
        f"{name}: required booleans, or 0 and 1",
        "for R's codes 1 and 2 give 'code == 2'",
    )
    return found


def causes(values: ArrayLike, name: str = "cause") -> IntArray:
    """Number of each patient's cause, 0 if censored; shape as given.

    Raises
    ------
    ValueError
        If there is anything but whole numbers from 0.
    """
    found = numbers(values, name)
    _refuse(
        ~((found >= 0.0) & (found == np.floor(found)) & np.isfinite(found)),
        found,
        f"{name}: required whole numbers, 0 for no event",
    )
    return found.astype(np.intp)


def cause_number(value: int, name: str = "cause_of_interest") -> int:
    """The number of one cause, a whole number from 1.

    Raises
    ------
    ValueError
        If it is anything else.
    """
    found = numbers(value, name)
    if found.ndim or not (found >= 1.0 and found == np.floor(found) and np.isfinite(found)):
        raise ValueError(f"{name}: required a whole number from 1, found {value!r}")
    return int(found)


def counts(values: ArrayLike, name: str) -> FloatArray:
    """Whole numbers from 0, of any shape.

    Raises
    ------
    ValueError
        If there is anything else.
    """
    found = numbers(values, name)
    _refuse(~((found >= 0.0) & (found == np.floor(found))), found, f"{name}: required whole numbers from 0")
    return found


def mask(values: ArrayLike | None, name: str = "among") -> BoolArray:
    """Who counts; everybody where nothing is given.

    Raises
    ------
    ValueError
        If there is anything but booleans, 0 and 1.
    """
    return np.ones((), dtype=np.bool_) if values is None else events(values, name).astype(np.bool_)


def labels(values: ArrayLike, name: str = "group") -> tuple[IntArray, int]:
    """Position of each label among those that there are, in their order, and how many there are.

    Parameters
    ----------
    values
        Strings, numbers, booleans or categories, of any shape.

    Raises
    ------
    ValueError
        If a label is missing (NaN or None).
    """
    found = _array(values, name)
    if found.dtype.kind == "O":
        return _coded(found, name)
    missing = found != found  # NaN and NaT
    if np.any(missing):
        raise ValueError(f"{name}: required a label for each patient, found {found[missing][0]}")
    unique, own = np.unique(found, return_inverse=True)
    return own.reshape(found.shape), unique.size


def share(value: float, name: str) -> float:
    """One number between 0 and 1, both excluded, such as a level.

    Raises
    ------
    ValueError
        If there is anything else.
    """
    found = numbers(value, name)
    if found.ndim or not 0.0 < found < 1.0:
        raise ValueError(f"{name}: must lie between 0 and 1, found {value!r}")
    return float(found)


def one_of(value: Any, known_values: Mapping[str, Any] | Sequence[str], name: str) -> str:
    """A word that is among those known.

    Raises
    ------
    ValueError
        If it is not.
    """
    if not isinstance(value, str) or value not in known_values:
        raise ValueError(f"{name}: must be one of {', '.join(map(repr, known_values))}, found {value!r}")
    return value


def broadcast_to(values: NDArray[Any], shape: tuple[int, ...], name: str) -> NDArray[Any]:
    """An array of the shape of the patients.

    Raises
    ------
    ValueError
        If it has another shape, which does not broadcast.
    """
    try:
        return np.broadcast_to(values, shape)
    except ValueError:
        raise ValueError(f"{name}: shape {values.shape} does not broadcast to that of 'time', {shape}") from None


def together(first: NDArray[Any], other: NDArray[Any], names: str) -> tuple[NDArray[Any], NDArray[Any]]:
    """Two arrays broadcast against each other.

    Raises
    ------
    ValueError
        If their shapes do not fit.
    """
    try:
        one, two = np.broadcast_arrays(first, other)
    except ValueError:
        raise ValueError(f"{names}: required shapes that broadcast, found {first.shape} and {other.shape}") from None
    return one, two


def _array(values: ArrayLike, name: str) -> NDArray[Any]:
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        raise ValueError(f"{name}: required values that are not masked; give what counts in 'among'")
    try:
        return np.asarray(values)
    except (ValueError, TypeError):
        raise ValueError(f"{name}: required an array, found rows of different lengths or what is no array") from None


def _unpacked(array: NDArray[Any], name: str) -> NDArray[Any]:
    """Numbers from an array of objects, such as a column of pandas; anything else is refused by its value."""
    if array.dtype.kind == "O":
        each = [np.asarray(value) for value in array.ravel()]
        strange = [value for value in each if value.ndim or value.dtype.kind not in NUMERIC]
        if not strange:
            return np.array([float(value) for value in each]).reshape(array.shape)
        found: object = strange[0].item() if strange[0].ndim == 0 else strange[0]
    else:
        found = array.ravel()[0].item() if array.size else array.dtype.name
    raise ValueError(f"{name}: required numbers, found {found!r}")


def _coded(found: NDArray[Any], name: str) -> tuple[IntArray, int]:
    flat = [value.item() if isinstance(value, np.generic) else value for value in found.ravel()]
    for value in flat:
        if not isinstance(value, str | int | float) or value != value:
            raise ValueError(f"{name}: required a label for each patient, found {value!r}")
    order = sorted(set(flat), key=lambda value: (isinstance(value, str), value))
    place = {value: position for position, value in enumerate(order)}
    return np.array([place[value] for value in flat], dtype=np.intp).reshape(found.shape), len(order)


def _refuse(wrong: NDArray[np.bool_], found: FloatArray, required: str, advice: str = "") -> None:
    if np.any(wrong):
        raise ValueError(f"{required}, found {found[wrong][0]:g}" + (f"; {advice}" if advice else ""))
