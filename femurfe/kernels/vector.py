"""Vectors of the processor inside Numba functions.

A function decorated with `operation` is written once over `Vector` values and becomes a
Numba intrinsic. LLVM turns vectors of any length into what the processor has (AVX-512,
AVX2, NEON, or scalars), so that the length chosen matters for speed only. Multiplications
and additions may be fused; nothing else is reordered.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import llvmlite.binding as binding
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

I32, I64 = ir.IntType(32), ir.IntType(64)
FLAGS = ("contract",)


def width() -> int:
    """Number of float32 that one vector of this processor holds: 16, 8 or 4.

    The environment variable FEMURFE_VECTOR (16, 8, 4) overrides it.
    """
    asked = os.environ.get("FEMURFE_VECTOR", "")
    if asked in ("16", "8", "4"):
        return int(asked)
    features = binding.get_host_cpu_features()
    if features.get("avx512f"):
        return 16
    return 8 if features.get("avx2") else 4


class Vector:
    """A vector of floats in the function being built, with arithmetic."""

    def __init__(self, builder: Any, value: Any) -> None:
        self.builder, self.value = builder, value

    def _other(self, other: Vector | float) -> Any:
        return other.value if isinstance(other, Vector) else constant(self.value.type, other)

    def __add__(self, other: Vector | float) -> Vector:
        return Vector(self.builder, self.builder.fadd(self.value, self._other(other), flags=FLAGS))

    def __sub__(self, other: Vector | float) -> Vector:
        return Vector(self.builder, self.builder.fsub(self.value, self._other(other), flags=FLAGS))

    def __mul__(self, other: Vector | float) -> Vector:
        return Vector(self.builder, self.builder.fmul(self.value, self._other(other), flags=FLAGS))

    def __neg__(self) -> Vector:
        return Vector(self.builder, self.builder.fneg(self.value))

    __rmul__ = __mul__

    def zero(self) -> Vector:
        """Zeros of the same type."""
        return Vector(self.builder, constant(self.value.type, 0.0))

    def take(self, lanes: Sequence[int], other: Vector | None = None) -> Vector:
        """Lanes of this vector, and of ``other`` by numbers from its length on."""
        second = self.value if other is None else other.value
        mask = ir.Constant(ir.VectorType(I32, len(lanes)), list(lanes))
        return Vector(self.builder, self.builder.shuffle_vector(self.value, second, mask))

    def like(self, array: Any) -> Vector:
        """The same numbers in the precision of an array."""
        kind = ir.VectorType(array.type.pointee, self.value.type.count)
        if kind == self.value.type:
            return self
        change = self.builder.fpext if kind.element == ir.DoubleType() else self.builder.fptrunc
        return Vector(self.builder, change(self.value, kind))


def constant(kind: Any, number: float) -> Any:
    """A vector constant of LLVM type ``kind`` with one number in all lanes."""
    return ir.Constant(kind, [float(number)] * kind.count)


class Builder:
    """What an operation's body builds with: loads, stores, integers and loops."""

    def __init__(self, builder: Any) -> None:
        self.llvm = builder

    def integer(self, number: int) -> Any:
        """A 64-bit integer constant."""
        return ir.Constant(I64, number)

    def times(self, index: Any, number: int) -> Any:
        """An index times a constant."""
        return self.llvm.mul(index, self.integer(number), flags=("nsw",))

    def plus(self, index: Any, number: int) -> Any:
        """An index plus a constant."""
        return self.llvm.add(index, self.integer(number), flags=("nsw",))

    def index(self, array: Any, at: Any) -> Any:
        """An integer read from an array, widened to 64 bits."""
        return self.llvm.zext(self.llvm.load(self.llvm.gep(array, [at], inbounds=True)), I64)

    def _at(self, array: Any, offset: Any, lanes: int) -> tuple[Any, int]:
        scalar = array.type.pointee
        address = self.llvm.gep(array, [offset], inbounds=True)
        size = 4 if scalar == ir.FloatType() else 8
        return self.llvm.bitcast(address, ir.VectorType(scalar, lanes).as_pointer()), size

    def load(self, array: Any, offset: Any, lanes: int) -> Vector:
        """``lanes`` numbers of an array from an offset on."""
        address, size = self._at(array, offset, lanes)
        return Vector(self.llvm, self.llvm.load(address, align=size))

    def store(self, vector: Vector, array: Any, offset: Any) -> None:
        """Write a vector to an array from an offset on."""
        address, size = self._at(array, offset, vector.value.type.count)
        self.llvm.store(vector.value, address, align=size)

    def prefetch(self, array: Any, offset: Any) -> None:
        """Ask for the cache line of an array at an offset."""
        kind = ir.FunctionType(ir.VoidType(), [ir.IntType(8).as_pointer(), I32, I32, I32])
        ask = cgutils.get_or_insert_function(self.llvm.module, kind, "llvm.prefetch.p0")
        place = self.llvm.bitcast(self.llvm.gep(array, [offset]), ir.IntType(8).as_pointer())
        self.llvm.call(ask, [place, *(ir.Constant(I32, n) for n in (0, 3, 1))])

    def splat(self, scalar: Any, lanes: int, like: Any = None) -> Vector:
        """A scalar in all lanes, in the precision of an array if one is given."""
        if like is not None and scalar.type != like.type.pointee:
            narrow = scalar.type == ir.DoubleType()
            scalar = (self.llvm.fptrunc if narrow else self.llvm.fpext)(scalar, like.type.pointee)
        kind = ir.VectorType(scalar.type, lanes)
        one = self.llvm.insert_element(ir.Constant(kind, ir.Undefined), scalar, ir.Constant(I32, 0))
        return Vector(self.llvm, one).take([0] * lanes)

    def zeros(self, array: Any, lanes: int) -> Vector:
        """Zeros of the type of an array."""
        return Vector(self.llvm, constant(ir.VectorType(array.type.pointee, lanes), 0.0))

    def loop(self, start: Any, stop: Any, body: Callable[[Any], None]) -> None:
        """Run ``body`` with every index from start to stop."""
        with cgutils.for_range_slice(self.llvm, start, stop, self.integer(1), intp=I64) as (i, _):
            body(i)

    def accumulate(self, start: Any, stop: Any, zero: Vector, body: Callable[[Any], Vector]) -> Vector:
        """The sum of ``body(i)`` over the indices from start to stop, in their order."""
        return self.accumulate_all(start, stop, [zero], lambda i: [body(i)])[0]

    def accumulate_all(
        self, start: Any, stop: Any, sums: list[Vector], body: Callable[[Any], list[Vector]]
    ) -> list[Vector]:
        """Sums plus all terms ``body(i)`` over the indices from start to stop, in their order."""
        places = [cgutils.alloca_once(self.llvm, total.value.type) for total in sums]
        for place, total in zip(places, sums, strict=True):
            self.llvm.store(total.value, place)

        def add(i: Any) -> None:
            for place, term in zip(places, body(i), strict=True):
                self.llvm.store((Vector(self.llvm, self.llvm.load(place)) + term).value, place)

        self.loop(start, stop, add)
        return [Vector(self.llvm, self.llvm.load(place)) for place in places]


def lanes_of(marker: Any) -> tuple[int, int]:
    """(width, loads) that the type of a ``marker`` carries."""
    return len(marker.dtype), len(marker)


Floats: TypeAlias = Any
Doubles: TypeAlias = Any
Bytes: TypeAlias = Any
Shorts: TypeAlias = Any
Rows: TypeAlias = Any
Longs: TypeAlias = Any
Reals: TypeAlias = Any
Precision: TypeAlias = Any
Size: TypeAlias = Any
Number: TypeAlias = Any
Index: TypeAlias = Any


def marker(loads: int, lanes: int | None = None) -> tuple[tuple[int, ...], ...]:
    """A value whose type tells an operation how many loads and lanes it is built for."""
    return ((0,) * (lanes or width()),) * loads


KINDS = {
    "Bytes": ir.IntType(8),
    "Shorts": ir.IntType(16),
    "Floats": ir.FloatType(),
    "Doubles": ir.DoubleType(),
    "Rows": I32,
    "Longs": I64,
}
PRECISIONS = {4: ir.FloatType(), 8: ir.DoubleType()}


def operation(body: Callable[..., None]) -> Any:
    """A Numba intrinsic, without result, from a body over a `Builder`.

    The body gets the builder and (width, loads) of the first argument, a marker. Of its
    further arguments, an array is given as the pointer to its data and a tuple as its length.
    An annotation may say more of a parameter:

    Floats, Doubles, Bytes, Shorts, Rows, Longs : an address (int64) of float32, float64, uint8, uint16,
        uint32, int64.
    Precision : a tuple of 4 or 8, the bytes of a number; Reals : an address of such numbers.
    Size : a tuple. Number, Index : a value, given as it is.
    """
    names = body.__code__.co_varnames[2 : body.__code__.co_argcount]
    roles = [str(body.__annotations__.get(name, "")) for name in names]

    def resolve(_context: Any, *arguments: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            plain = _plain(context, builder, roles, signature.args[1:], values[1:])
            body(Builder(builder), lanes_of(signature.args[0]), *plain)
            return context.get_dummy_value()

        return types.void(*arguments), generate

    return intrinsic(_with_arguments(resolve, ["shape", *names]))


def _plain(context: Any, builder: Any, roles: list[str], kinds: Any, values: Any) -> list[Any]:
    """Addresses as pointers, tuples as lengths, and values as they are."""
    out: list[Any] = []
    precision: Any = None
    for role, kind, value in zip(roles, kinds, values, strict=True):
        if role == "Precision":
            precision = PRECISIONS[len(kind)]
            out.append(len(kind))
        elif isinstance(kind, types.BaseTuple):
            out.append(len(kind))
        elif isinstance(kind, types.Array):
            out.append(context.make_array(kind)(context, builder, value).data)
        elif role == "Reals" or role in KINDS:
            scalar = precision if role == "Reals" else KINDS[role]
            out.append(builder.inttoptr(value, scalar.as_pointer()))
        else:
            out.append(value)
    return out


def _with_arguments(resolve: Callable[..., Any], names: list[str]) -> Callable[..., Any]:
    """The same function with named arguments, which Numba asks for."""
    space: dict[str, Any] = {"resolve": resolve}
    listed = ", ".join(names)
    exec(f"def typed(context, {listed}):\n    return resolve(context, {listed})", space)
    return space["typed"]  # type: ignore[no-any-return]


@intrinsic
def long_at(typing, address, index):  # type: ignore[no-untyped-def]
    """The int64 of a number at an address."""

    def generate(context, builder, signature, values):  # type: ignore[no-untyped-def]
        pointer = builder.inttoptr(values[0], I64.as_pointer())
        return builder.load(builder.gep(pointer, [values[1]], inbounds=True))

    return types.int64(types.int64, types.int64), generate


@intrinsic
def float_at(typing, address, index):  # type: ignore[no-untyped-def]
    """The float32 of a number at an address."""

    def generate(context, builder, signature, values):  # type: ignore[no-untyped-def]
        pointer = builder.inttoptr(values[0], ir.FloatType().as_pointer())
        return builder.load(builder.gep(pointer, [values[1]], inbounds=True))

    return types.float32(types.int64, types.int64), generate


@intrinsic
def reals(typing, precision, address):  # type: ignore[no-untyped-def]
    """A pointer to float32 or float64, by the length of a tuple, 4 or 8."""
    kind = types.CPointer(types.float32 if len(precision) == 4 else types.float64)

    def generate(context, builder, signature, values):  # type: ignore[no-untyped-def]
        return builder.inttoptr(values[1], context.get_value_type(signature.return_type))

    return kind(precision, types.int64), generate


@intrinsic
def longs(typing, address):  # type: ignore[no-untyped-def]
    """A pointer to int64."""

    def generate(context, builder, signature, values):  # type: ignore[no-untyped-def]
        return builder.inttoptr(values[0], context.get_value_type(signature.return_type))

    return types.CPointer(types.int64)(types.int64), generate
