"""PyTensor's operations on single numbers, in LLVM's language. Truth is 1 and 0."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytensor.scalar as ps
from pytensor.scalar import math as special
from pytensor.scalar.basic import Composite, discrete_dtypes

from hscb_bayes.machine_code.elementary import WRITTEN, elementary
from hscb_bayes.machine_code.text import Function, number

PURE = "nounwind willreturn memory(none)"
ONE, ZERO = number(1.0), number(0.0)
# C functions of SciPy, by the names that these have in ``scipy.special.cython_special``
SCIPY = {
    "gammaln": "gammaln",
    "psi": "__pyx_fuse_1psi",
    "erfcx": "__pyx_fuse_1erfcx",
    "erfinv": "__pyx_fuse_0erfinv",
}
Rule = Callable[..., str]


def written(function: Function, operation: Any, inputs: Sequence[str], dtypes: Sequence[str]) -> list[str]:
    """Write an operation; returns the names of its results.

    Parameters
    ----------
    dtypes
        Of the inputs.

    Raises
    ------
    NotImplementedError
        When the operation has no rule here.
    """
    if isinstance(operation, Composite):
        return _composite(function, operation, inputs)
    rule = RULES.get(type(operation))
    if rule is None:
        raise NotImplementedError(f"machine code of the operation {operation}: it has no rule in RULES of {__name__}")
    return [rule(function, operation, *inputs, dtypes=dtypes)]


def _composite(function: Function, operation: Any, inputs: Sequence[str]) -> list[str]:
    graph = operation.fgraph
    names = dict(zip(graph.inputs, inputs, strict=True))

    def name_of(variable: Any) -> str:
        return number(variable.data) if hasattr(variable, "data") and variable not in names else names[variable]

    for node in graph.toposort():
        own = [name_of(variable) for variable in node.inputs]
        found = written(function, node.op, own, [variable.type.dtype for variable in node.inputs])
        names.update(zip(node.outputs, found, strict=True))
    return [name_of(variable) for variable in graph.outputs]


def call(function: Function, name: str, *inputs: str) -> str:
    """Call a function of numbers that has no side effects."""
    if name in WRITTEN:
        name = elementary(function.module, name)
    else:
        listed = ", ".join("double" for _ in inputs)
        function.module.declare(name, f"declare double @{name}({listed}) {PURE}")
    return function.let(f"call double @{name}({', '.join(f'double {each}' for each in inputs)})")


def _of_scipy(name: str) -> Rule:
    """A function of SciPy, which takes one more number that has no part."""

    def rule(function: Function, _operation: Any, value: str, *, dtypes: Sequence[str]) -> str:
        del dtypes
        function.module.declare(f"scipy_{name}", f"declare double @scipy_{name}(double, i32) {PURE}")
        return function.let(f"call double @scipy_{name}(double {value}, i32 1)")

    return rule


def _binary(instruction: str) -> Rule:
    def rule(function: Function, _operation: Any, *inputs: str, dtypes: Sequence[str]) -> str:
        del dtypes
        total = inputs[0]
        for each in inputs[1:]:
            total = function.let(f"{instruction} contract double {total}, {each}")
        return total

    return rule


def _compared(condition: str) -> Rule:
    def rule(function: Function, _operation: Any, first: str, second: str, *, dtypes: Sequence[str]) -> str:
        del dtypes
        return _number_of(function, function.let(f"fcmp {condition} double {first}, {second}"))

    return rule


def _number_of(function: Function, truth: str) -> str:
    return function.let(f"uitofp i1 {truth} to double")


def _truth_of(function: Function, value: str) -> str:
    return function.let(f"fcmp une double {value}, {ZERO}")


def _calling(name: str) -> Rule:
    def rule(function: Function, _operation: Any, *inputs: str, dtypes: Sequence[str]) -> str:
        del dtypes
        return call(function, name, *inputs)

    return rule


def _logical(instruction: str) -> Rule:
    def rule(function: Function, operation: Any, *inputs: str, dtypes: Sequence[str]) -> str:
        _only_truth(operation, dtypes)
        total = _truth_of(function, inputs[0])
        for each in inputs[1:]:
            total = function.let(f"{instruction} i1 {total}, {_truth_of(function, each)}")
        return _number_of(function, total)

    return rule


def _only_truth(operation: Any, dtypes: Sequence[str]) -> None:
    if any(dtype != "bool" for dtype in dtypes):
        raise NotImplementedError(f"machine code of the operation {operation} on bits")


def _inverted(function: Function, operation: Any, value: str, *, dtypes: Sequence[str]) -> str:
    _only_truth(operation, dtypes)
    return function.let(f"fsub double {ONE}, {value}")


def _switch(function: Function, _operation: Any, where: str, one: str, other: str, *, dtypes: Sequence[str]) -> str:
    del dtypes
    return function.let(f"select i1 {_truth_of(function, where)}, double {one}, double {other}")


def _cast(function: Function, operation: Any, value: str, *, dtypes: Sequence[str]) -> str:
    target = operation.o_type.dtype
    if target not in ("float64", *discrete_dtypes):
        raise NotImplementedError(f"machine code of the operation {operation}")
    if target == "bool":
        return _number_of(function, _truth_of(function, value))
    if target in discrete_dtypes and dtypes[0] not in discrete_dtypes:
        return call(function, "llvm.trunc.f64", value)
    return value


def _square(function: Function, _operation: Any, value: str, *, dtypes: Sequence[str]) -> str:
    del dtypes
    return function.let(f"fmul contract double {value}, {value}")


def _reciprocal(function: Function, _operation: Any, value: str, *, dtypes: Sequence[str]) -> str:
    del dtypes
    return function.let(f"fdiv double {ONE}, {value}")


def _negative(function: Function, _operation: Any, value: str, *, dtypes: Sequence[str]) -> str:
    del dtypes
    return function.let(f"fneg double {value}")


def _sign(function: Function, _operation: Any, value: str, *, dtypes: Sequence[str]) -> str:
    del dtypes
    above = function.let(f"fcmp ogt double {value}, {ZERO}")
    below = function.let(f"fcmp olt double {value}, {ZERO}")
    nothing = function.let(f"fmul double {value}, {ZERO}")
    rest = function.let(f"select i1 {below}, double {number(-1.0)}, double {nothing}")
    return function.let(f"select i1 {above}, double {ONE}, double {rest}")


def _sigmoid(function: Function, _operation: Any, value: str, *, dtypes: Sequence[str]) -> str:
    del dtypes
    power = call(function, "exp", function.let(f"fneg double {value}"))
    return function.let(f"fdiv double {ONE}, {function.let(f'fadd double {ONE}, {power}')}")


def _softplus(function: Function, _operation: Any, value: str, *, dtypes: Sequence[str]) -> str:
    """max(x, 0) + log1p(exp(-abs(x)))."""
    del dtypes
    size = function.let(f"fneg double {call(function, 'llvm.fabs.f64', value)}")
    rest = call(function, "log1p", call(function, "exp", size))
    return function.let(f"fadd double {call(function, 'llvm.maximum.f64', value, ZERO)}, {rest}")


def _log1mexp(function: Function, _operation: Any, value: str, *, dtypes: Sequence[str]) -> str:
    del dtypes
    far = call(function, "log1p", function.let(f"fneg double {call(function, 'exp', value)}"))
    near = call(function, "log", function.let(f"fneg double {call(function, 'expm1', value)}"))
    is_far = function.let(f"fcmp olt double {value}, {number(-0.6931471805599453)}")
    return function.let(f"select i1 {is_far}, double {far}, double {near}")


def _clip(function: Function, _operation: Any, value: str, low: str, high: str, *, dtypes: Sequence[str]) -> str:
    del dtypes
    is_high = function.let(f"fcmp ogt double {value}, {high}")
    at_most = function.let(f"select i1 {is_high}, double {high}, double {value}")
    is_low = function.let(f"fcmp olt double {value}, {low}")
    return function.let(f"select i1 {is_low}, double {low}, double {at_most}")


def _same(_function: Function, _operation: Any, value: str, *, dtypes: Sequence[str]) -> str:
    del dtypes
    return value


def _second(_function: Function, _operation: Any, _first: str, second: str, *, dtypes: Sequence[str]) -> str:
    del dtypes
    return second


def _is_nan(function: Function, _operation: Any, value: str, *, dtypes: Sequence[str]) -> str:
    del dtypes
    return _number_of(function, function.let(f"fcmp uno double {value}, {value}"))


def _is_infinite(function: Function, _operation: Any, value: str, *, dtypes: Sequence[str]) -> str:
    del dtypes
    size = call(function, "llvm.fabs.f64", value)
    return _number_of(function, function.let(f"fcmp oeq double {size}, {number(float('inf'))}"))


RULES: dict[type, Rule] = {
    ps.Add: _binary("fadd"), ps.Mul: _binary("fmul"), ps.Sub: _binary("fsub"), ps.TrueDiv: _binary("fdiv"),
    ps.GT: _compared("ogt"), ps.GE: _compared("oge"), ps.LT: _compared("olt"), ps.LE: _compared("ole"),
    ps.EQ: _compared("oeq"), ps.NEQ: _compared("une"),
    ps.Exp: _calling("exp"), ps.Log: _calling("log"), ps.Sqrt: _calling("llvm.sqrt.f64"),
    ps.Abs: _calling("llvm.fabs.f64"), ps.Floor: _calling("llvm.floor.f64"), ps.Ceil: _calling("llvm.ceil.f64"),
    ps.Maximum: _calling("llvm.maximum.f64"), ps.Minimum: _calling("llvm.minimum.f64"),
    ps.Pow: _calling("llvm.pow.f64"),
    ps.Expm1: _calling("expm1"), ps.Log1p: _calling("log1p"), ps.Tanh: _calling("tanh"), ps.ArcTan: _calling("atan"),
    special.Erf: _calling("erf"), special.Erfc: _calling("erfc"), special.Erfcx: _of_scipy("erfcx"),
    special.GammaLn: _of_scipy("gammaln"), special.Psi: _of_scipy("psi"),
    special.Erfinv: _of_scipy("erfinv"),
    ps.AND: _logical("and"), ps.OR: _logical("or"), ps.XOR: _logical("xor"), ps.Invert: _inverted,
    ps.Switch: _switch, ps.Cast: _cast, ps.Sqr: _square, ps.Reciprocal: _reciprocal, ps.Neg: _negative,
    ps.Sign: _sign, special.Sigmoid: _sigmoid, special.Softplus: _softplus, special.Log1mexp: _log1mexp,
    ps.Clip: _clip, ps.Identity: _same, ps.Second: _second, ps.IsNan: _is_nan, ps.IsInf: _is_infinite,
}  # fmt: skip
