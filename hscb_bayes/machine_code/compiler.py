"""LLVM: from a module's text to machine code, and from machine code to functions that can be called."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import llvmlite.binding as llvm

from hscb_bayes.machine_code.kernels import KERNELS
from hscb_bayes.machine_code.scalars import SCIPY

SPEED = 2  # as a C compiler's -O2


@dataclass(frozen=True, kw_only=True, eq=False)
class MachineFunction:
    """A function of C, and what keeps it in memory."""

    address: int
    engine: Any


def machine() -> str:
    """What machine code is made for: the processor and what it can do."""
    return f"{llvm.get_process_triple()} {llvm.get_host_cpu_name()} {llvm.get_host_cpu_features().flatten()}"


def object_code(text: str) -> bytes:
    """Compile a module."""
    target = _target()
    module = _parsed(text, target)
    options = llvm.create_pipeline_tuning_options(speed_level=SPEED)
    options.loop_vectorization = True
    builder = llvm.create_pass_builder(target, options)
    builder.getModulePassManager().run(module, builder)
    found: bytes = target.emit_object(module)
    return found


def functions(code: bytes, names: Sequence[str]) -> dict[str, MachineFunction]:
    """Functions of compiled code, by their names; the code must be what ``object_code`` returned."""
    _link()
    target = _target()
    engine = llvm.create_mcjit_compiler(_parsed("", target), target)
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return {name: MachineFunction(address=engine.get_function_address(name), engine=engine) for name in names}


def _parsed(text: str, target: Any) -> Any:
    module = llvm.parse_assembly(text)
    module.triple = llvm.get_process_triple()
    module.data_layout = str(target.target_data)
    return module


def _target() -> Any:
    """For this processor; a new one each time, since whoever takes one ends it."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.Target.from_triple(llvm.get_process_triple()).create_target_machine(
        cpu=llvm.get_host_cpu_name(),
        features=llvm.get_host_cpu_features().flatten(),
        opt=SPEED,
        reloc="default",
        codemodel="jitdefault",
    )


def _link() -> None:
    """Tell LLVM where SciPy's functions and the kernels are."""
    from scipy.special import cython_special

    for name, own in SCIPY.items():
        llvm.add_symbol(f"scipy_{name}", _address_of(cython_special.__pyx_capi__[own]))
    for name, kernel in KERNELS.items():
        llvm.add_symbol(f"kernel_{name}", kernel.address)


def _address_of(capsule: Any) -> int:
    name_of = ctypes.pythonapi.PyCapsule_GetName
    name_of.restype, name_of.argtypes = ctypes.c_char_p, [ctypes.py_object]
    address_of = ctypes.pythonapi.PyCapsule_GetPointer
    address_of.restype, address_of.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    return int(address_of(capsule, name_of(capsule)))
