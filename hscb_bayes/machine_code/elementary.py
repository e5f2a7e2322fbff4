r"""exp, expm1 and log without a call or a branch, so that LLVM computes several at a time.

exp and log are within one unit in the last place, expm1 within three. With n the whole number next to x / ln 2 and
r = x - n ln 2, of at most ln 2 / 2,

    exp(x) = 2^n exp(r),    expm1(x) = 2^n expm1(r) + (2^n - 1),    expm1(r) = r + r^2 (1/2! + r/3! + ... + r^11/13!).

With x = 2^n (1 + f), 1 + f between the root of 1/2 and that of 2, and s = f / (2 + f),

    log(x) = n ln 2 + f - (f^2 / 2 - s (f^2 / 2 + R)),    R = s^2 (2/3 + 2 s^2 / 5 + 2 s^4 / 7 + ... + 2 s^20 / 23),

since log(1 + f) = 2 artanh(s) = 2 s + s R. What is left of the series is below 1e-17. ln 2 is taken off in two parts,
and 2^n is multiplied in two parts, so that numbers down to the smallest come out.
"""

from __future__ import annotations

from math import factorial

from hscb_bayes.machine_code.text import Function, Module, number

TERMS = 13
LN2_HIGH, LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10  # their sum is ln 2 to 110 bits
PER_LN2 = 1.4426950408889634
ROUND = 1.5 * 2.0**52  # a number plus this is a whole number in the low bits
HIGHEST, LOWEST = 709.8, -745.2  # beyond, exp is infinite or zero
NEAR = 36.0  # beyond, expm1 is exp
PURE = "alwaysinline nounwind willreturn memory(none)"
BIAS = 1023 << 52
LOG_TERMS = 23
TINY = 2.2250738585072014e-308  # below, numbers have fewer digits
ROOT_HALF = 0x3FE6A09E667F3BCD  # the bits of the root of 1/2
EXPONENT = -(1 << 52)  # the bits of a number that say its power of 2, and its sign
WHOLE = 0x4330000000000000  # the bits of 2^52, whose low bits count


def elementary(module: Module, name: str) -> str:
    """See that a module has one of ``WRITTEN``; returns what the function is called there."""
    own = f"inline_{name}"
    if own not in module.declared:
        module.declare(own, "")  # its text stands among the functions
        WRITTEN[name](module, own)
    return own


def _write_exp(module: Module, own: str) -> None:
    function = Function(module=module, head=f"define internal double @{own}(double %x) {PURE}")
    whole, rest = _parted(function)
    power = function.let(f"fadd double {number(1.0)}, {rest}")
    function.do(f"ret double {_or_nan(function, _scaled(function, power, whole))}")
    function.close()


def _write_expm1(module: Module, own: str) -> None:
    function = Function(module=module, head=f"define internal double @{own}(double %x) {PURE}")
    whole, rest = _parted(function)
    far = _scaled(function, function.let(f"fadd double {number(1.0)}, {rest}"), whole)
    within = function.let(f"call double @llvm.minnum.f64(double {whole}, double {number(100.0)})")
    scale = _scaled(function, number(1.0), within)
    near = _sum(function, _product(function, scale, rest), function.let(f"fsub double {scale}, {number(1.0)}"))
    is_near = function.let(f"fcmp olt double %x, {number(NEAR)}")
    found = function.let(f"select i1 {is_near}, double {near}, double {far}")
    function.do(f"ret double {_or_nan(function, found)}")
    function.close()


def _write_log(module: Module, own: str) -> None:
    function = Function(module=module, head=f"define internal double @{own}(double %x) {PURE}")
    is_tiny = function.let(f"fcmp olt double %x, {number(TINY)}")
    enlarged = _product(function, "%x", number(2.0**54))
    x = function.let(f"select i1 {is_tiny}, double {enlarged}, double %x")
    less = function.let(f"select i1 {is_tiny}, double {number(54.0)}, double {number(0.0)}")
    bits = function.let(f"bitcast double {x} to i64")
    above = function.let(f"sub i64 {bits}, {ROOT_HALF}")
    part = function.let(f"bitcast i64 {function.let(f'sub i64 {bits}, {_and(function, above, EXPONENT)}')} to double")
    moved = function.let(f"lshr i64 {function.let(f'add i64 {above}, {1024 << 52}')}, 52")
    whole = function.let(f"bitcast i64 {function.let(f'or i64 {moved}, {WHOLE}')} to double")
    whole = function.let(f"fsub double {whole}, {number(2.0**52 + 1024)}")
    whole = function.let(f"fsub double {whole}, {less}")
    f = function.let(f"fsub double {part}, {number(1.0)}")
    s = function.let(f"fdiv double {f}, {function.let(f'fadd double {f}, {number(2.0)}')}")
    square = _product(function, s, s)
    total = number(2.0 / LOG_TERMS)
    for k in range(LOG_TERMS - 2, 1, -2):
        total = _sum(function, _product(function, total, square), number(2.0 / k))
    half = _product(function, number(0.5), _product(function, f, f))
    rest = _product(function, s, _sum(function, half, _product(function, square, total)))
    rest = _sum(function, rest, _product(function, whole, number(LN2_LOW)))
    rest = function.let(f"fsub double {half}, {rest}")
    found = _sum(function, _product(function, whole, number(LN2_HIGH)), function.let(f"fsub double {f}, {rest}"))
    for condition, value in (("oeq", "-inf"), ("olt", "nan")):
        holds = function.let(f"fcmp {condition} double %x, {number(0.0)}")
        found = function.let(f"select i1 {holds}, double {number(float(value))}, double {found}")
    is_usual = function.let(f"fcmp olt double %x, {number(float('inf'))}")
    is_odd = function.let(f"fcmp uno double %x, {number(0.0)}")
    usual = function.let(f"select i1 {is_usual}, double {found}, double {number(float('inf'))}")
    function.do(f"ret double {function.let(f'select i1 {is_odd}, double %x, double {usual}')}")
    function.close()


def _and(function: Function, bits: str, mask: int) -> str:
    return function.let(f"and i64 {bits}, {mask}")


def _parted(function: Function) -> tuple[str, str]:
    """n, and expm1(r)."""
    for which in ("minnum", "maxnum"):
        function.module.declare(f"llvm.{which}.f64", f"declare double @llvm.{which}.f64(double, double)")
    below = function.let(f"call double @llvm.minnum.f64(double %x, double {number(HIGHEST)})")
    x = function.let(f"call double @llvm.maxnum.f64(double {below}, double {number(LOWEST)})")
    rounded = _sum(function, _product(function, x, number(PER_LN2)), number(ROUND))
    whole = function.let(f"fsub double {rounded}, {number(ROUND)}")
    rest = _sum(function, x, _product(function, whole, number(-LN2_HIGH)))
    rest = _sum(function, rest, _product(function, whole, number(-LN2_LOW)))
    total = number(1.0 / factorial(TERMS))
    for k in range(TERMS - 1, 1, -1):
        total = _sum(function, _product(function, total, rest), number(1.0 / factorial(k)))
    square = _product(function, rest, rest)
    return whole, _sum(function, rest, _product(function, square, total))


def _scaled(function: Function, value: str, whole: str) -> str:
    """The value times 2^n, in two steps, so that neither power is too large or too small for a number."""
    half = _sum(function, _product(function, whole, number(0.5)), number(ROUND))
    first = function.let(f"fsub double {half}, {number(ROUND)}")
    other = _sum(function, function.let(f"fsub double {whole}, {first}"), number(ROUND))
    for rounded in (half, other):
        bits = function.let(f"bitcast double {rounded} to i64")
        exponent = function.let(f"add i64 {function.let(f'shl i64 {bits}, 52')}, {BIAS}")
        value = function.let(f"fmul double {value}, {function.let(f'bitcast i64 {exponent} to double')}")
    return value


def _or_nan(function: Function, value: str) -> str:
    is_nan = function.let("fcmp uno double %x, %x")
    return function.let(f"select i1 {is_nan}, double %x, double {value}")


def _sum(function: Function, one: str, other: str) -> str:
    return function.let(f"fadd contract double {one}, {other}")


def _product(function: Function, one: str, other: str) -> str:
    return function.let(f"fmul contract double {one}, {other}")


WRITTEN = {"exp": _write_exp, "expm1": _write_expm1, "log": _write_log}
