"""Machine code on disk: found again by all that it depends on."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from types import FunctionType, MethodType
from typing import Any

import numpy as np
from pytensor.graph.basic import Constant
from pytensor.graph.op import Op
from pytensor.graph.traversal import toposort
from pytensor.graph.type import Type

from hscb_bayes.machine_code.compiler import machine
from hscb_bayes.machine_code.tensors import RULES

SOURCES = Path(__file__).parent
LIBRARIES = ("pytensor", "llvmlite", "numba", "numpy", "scipy")
MOST = 400  # files that are kept: those used last
PLAIN = (bool, int, float, str, bytes, type(None), np.number, np.bool_)


def key_of(inputs: Sequence[Any], outputs: Sequence[Any], *further: str) -> str:
    """SHA-256, in hexadecimal, of a graph, of what translates it and of the processor.

    Parameters
    ----------
    further
        Texts that the code depends on as well.
    """
    said = [*further, machine(), *(f"{name} {version(name)}" for name in LIBRARIES), _sources()]
    return sha256("\n".join([*said, said_of(inputs, outputs)]).encode()).hexdigest()


def said_of(inputs: Sequence[Any], outputs: Sequence[Any]) -> str:
    """All that a graph computes, as text: its operations in order, what they take, and its constants.

    Raises
    ------
    TypeError
        When it is not known what an operation does, or a variable is neither computed nor an input.
    """
    names = {variable: f"input {k} {_type(variable.type)}" for k, variable in enumerate(inputs)}
    lines = list(names.values())

    def name_of(variable: Any) -> str:
        if variable not in names and isinstance(variable, Constant):
            names[variable] = f"{_type(variable.type)} {_plain(variable.data)}"
        elif variable not in names and hasattr(variable, "get_value"):  # shared: the length of an axis
            names[variable] = f"{_type(variable.type)} {_plain(variable.get_value(borrow=True))}"
        if variable not in names:
            raise TypeError(f"a variable of a graph that is neither computed nor an input: {variable}")
        return names[variable]

    for k, node in enumerate(toposort(outputs)):
        if all(variable in names for variable in node.outputs):
            continue
        lines.append(f"{_plain(node.op)} of {', '.join(map(name_of, node.inputs))}")
        lines += [_type(variable.type) for variable in node.outputs]
        names.update({variable: f"{k} {place}" for place, variable in enumerate(node.outputs)})
    return "\n".join([*lines, *map(name_of, outputs)])


def _type(type_: Type) -> str:
    return f"{getattr(type_, 'dtype', type(type_).__name__)} {getattr(type_, 'shape', ())}"


def _plain(value: Any) -> str:
    """A value as text that says all of it."""
    if isinstance(value, np.ndarray):
        return f"{value.dtype} {value.shape} {value.tobytes().hex()}"
    if isinstance(value, np.number | np.bool_):
        return f"{value.dtype} {value.tobytes().hex()}"
    if isinstance(value, PLAIN):
        return repr(value)
    if isinstance(value, slice):
        return f"slice({_plain(value.start)}, {_plain(value.stop)}, {_plain(value.step)})"
    if isinstance(value, tuple | list):
        return f"({', '.join(map(_plain, value))})"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_plain(name)}: {_plain(each)}' for name, each in value.items())}}}"
    if isinstance(value, Type):
        return _type(value)
    if isinstance(value, Op):
        return _operation(value)
    if isinstance(value, type):
        return f"{value.__module__}.{value.__qualname__}"
    if isinstance(value, FunctionType) and value.__closure__ is None:
        return f"{value.__module__}.{value.__qualname__}"
    if hasattr(value, "__dict__") and not isinstance(value, FunctionType | MethodType):
        return f"{type(value).__module__}.{type(value).__qualname__}({_plain(vars(value))})"
    raise TypeError(f"it is not known how to say all of {value!r}")


def _operation(operation: Op) -> str:
    own = f"{type(operation).__module__}.{type(operation).__qualname__}"
    rule = RULES.get(type(operation))
    if rule is not None and _file_of(rule).parent != SOURCES:
        own += _file_of(rule).read_text()
    if hasattr(operation, "graph"):  # an operation of this package that is a graph over rows
        return f"{own}({said_of(*operation.graph(1))})"
    if hasattr(operation, "fgraph") and hasattr(operation.fgraph, "outputs"):
        return f"{own}({said_of(operation.fgraph.inputs, operation.fgraph.outputs)})"
    names = getattr(operation, "__props__", None)
    if names is None:
        said = {name: value for name, value in vars(operation).items() if not name.startswith("_")}
        return f"{own}({_plain(said)})"
    return f"{own}({', '.join(_plain(getattr(operation, name)) for name in names)})"


def _file_of(rule: Any) -> Path:
    return Path(str(sys.modules[rule.__module__].__file__))


@cache
def _sources() -> str:
    """All of this folder, which translates a graph."""
    return "\n".join(path.read_text() for path in sorted(SOURCES.glob("*.py")))


def folder() -> Path:
    """Where machine code is kept."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "hscb_bayes"


def read(key: str) -> bytes | None:
    """The machine code of a key; none where there is none, or it is damaged."""
    with suppress(OSError, RuntimeError):
        path = folder() / key
        content = path.read_bytes()
        code = content[32:]
        if sha256(code).digest() == content[:32]:
            with suppress(OSError):  # a folder that can only be read
                path.touch()
            return code
    return None


def write(key: str, code: bytes) -> None:
    """Keep machine code, where there is a place for it."""
    with suppress(OSError, RuntimeError):
        place = folder()
        place.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=place, prefix="new-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(sha256(code).digest() + code)
            Path(name).replace(place / key)
        except BaseException:
            with suppress(OSError):
                Path(name).unlink()
            raise
        _remove_oldest(place)


def _remove_oldest(place: Path) -> None:
    files = sorted((path for path in place.iterdir() if path.is_file()), key=lambda path: -path.stat().st_mtime)
    for path in files[MOST:]:
        path.unlink(missing_ok=True)
