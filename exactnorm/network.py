"""The two-layer ReLU network with a skip connection, h(y) = Σ_k a_k [w_k·y + b_k]_+ + V y + c."""

from __future__ import annotations

import math
from dataclasses import dataclass
from os import PathLike
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exactnorm.arrays import LARGEST, Array, numbers, real_array, restore_read_only, what_is
from exactnorm.geometry import Frame
from exactnorm.tables import one_line

BLOCK = 2**22
"""Numbers in the largest array on the way to a value: tens of megabytes, however many inputs and neurons there are."""


@dataclass(frozen=True, eq=False)
class ReLUNetwork:
    """A two-layer ReLU network with a skip connection: h(y) = Σ_k a_k [w_k·y + b_k]_+ + V y + c.

    A denoiser maps R^d to R^d, so that q = d; a network for other targets has q outputs.

    Parameters
    ----------
    a : array_like, shape (K, q)
        Output weights, one neuron a row.
    w : array_like, shape (K, d)
        Input weights.
    b : array_like, shape (K,)
        Biases.
    c : array_like, shape (q,)
        Output bias.
    V : array_like, shape (q, d), optional
        Skip connection; None for none, so that a wide network needs no q×d matrix.

    Raises
    ------
    ValueError
        If an entry is not finite or the shapes do not fit together.

    Notes
    -----
    The fields are given in this order: ``ReLUNetwork(a, w, b, V, c)``. Arrays are copied and read-only.
    """

    a: Array
    w: Array = None  # type: ignore[assignment]  # all five are needed: what is left out is told by name
    b: Array = None  # type: ignore[assignment]
    V: Array | None = None
    c: Array = None  # type: ignore[assignment]

    __repr__ = one_line
    __setstate__ = restore_read_only

    def __post_init__(self) -> None:
        if missing := [name for name in ("w", "b", "c") if getattr(self, name) is None]:
            whole = isinstance(self.a, ReLUNetwork) or hasattr(self.a, "network")
            hint = f"; {what_is(self.a)} has one already" if whole else ""
            msg = f"{', '.join(missing)} missing: give ReLUNetwork(a, w, b, V, c), where V may be None{hint}"
            raise TypeError(msg)
        fields = {name: real_array(getattr(self, name), name) for name in ("a", "w", "b", "c")}
        if self.V is not None:
            fields["V"] = real_array(self.V, "V")
        d = fields["w"].shape[1] if fields["w"].ndim == 2 else -1
        q = fields["c"].shape[0] if fields["c"].ndim == 1 else -1
        k = fields["b"].shape[0] if fields["b"].ndim == 1 else -1
        expected = {"a": (k, q), "w": (k, d), "b": (k,), "c": (q,), "V": (q, d)}
        for name, array in fields.items():
            if array.shape != expected[name]:
                shapes = {key: value.shape for key, value in fields.items()}
                wanted = "a (K, q), w (K, d), b (K,), V (q, d) or None, c (q,)"
                msg = f"network shapes do not fit: {shapes}; give {wanted}"
                raise ValueError(msg)
            array.flags.writeable = False
            object.__setattr__(self, name, array)

    @property
    def neurons(self) -> int:
        """Number of neurons, K."""
        return int(self.b.shape[0])

    @property
    def dimension(self) -> int:
        """Dimension d of the inputs."""
        return int(self.w.shape[1])

    @property
    def outputs(self) -> int:
        """Dimension q of the outputs; d for a denoiser."""
        return int(self.c.shape[0])

    def __call__(self, Y: ArrayLike) -> Array:
        """Value h(y), shape (q,) for one point (d,) or (m, q) for many."""
        Y = self._inputs(Y)
        if Y.ndim == 2 and len(Y) > (step := max(1, BLOCK // max(self.neurons, 1))):
            return np.concatenate([self(Y[k : k + step]) for k in range(0, len(Y), step)])
        value = np.maximum(Y @ self.w.T + self.b, 0.0) @ self.a + self.c
        return value if self.V is None else value + Y @ self.V.T

    def jacobian(self, Y: ArrayLike) -> Array:
        """Jacobian Dh(y), shape (q, d) for one point or (m, q, d) for many; the ReLU's derivative at 0 is 0."""
        Y = self._inputs(Y)
        if Y.ndim == 2 and len(Y) > (step := max(1, BLOCK // max(self.a.size, 1))):
            return np.concatenate([self.jacobian(Y[k : k + step]) for k in range(0, len(Y), step)])
        active = (Y @ self.w.T + self.b > 0).astype(float)
        # (m, q, K) times (K, d): one matrix product a point, without an (m, K, q, d) array.
        D = (active[..., None, :] * self.a.T) @ self.w
        return D if self.V is None else D + self.V

    @property
    def representation_cost(self) -> float:
        """Σ_k ‖a_k‖ ‖w_k‖: the cost of these weights once balanced.

        It is R(h) itself, the least cost over all networks that realise h, when no two neurons share a kink
        (see `merged`); an upper bound of R(h) otherwise.
        """
        return float(lengths(self.a) @ lengths(self.w))

    def balanced(self) -> ReLUNetwork:
        """Same function with ‖a_k‖ = ‖w_k‖, so that ½ Σ (‖a_k‖² + ‖w_k‖²) equals the representation cost.

        Neurons with a_k = 0 are dropped; those without a kink that a number could hold are constants and go into c.
        """
        net = self._without_idle_neurons()
        factor = np.sqrt(lengths(net.a) / lengths(net.w))[:, None]
        return ReLUNetwork(net.a / factor, net.w * factor, net.b * factor[:, 0], net.V, net.c)

    def merged(self, tolerance: float = 1e-12) -> ReLUNetwork:
        """Same function with no two neurons on the same kink, and each ‖w_k‖ = 1.

        Parameters
        ----------
        tolerance : float
            Two kinks are the same when their unit normals, and their offsets relative to the largest offset
            or 1, differ by at most this; the largest of neurons with more than this share of the cost. The default
            is a few hundred roundings.

        Notes
        -----
        Opposite neurons on one kink are joined through a[−t]_+ = a[t]_+ − a t, whose linear part goes to V, c.
        """
        net = self._without_idle_neurons()
        norm = lengths(net.w)
        kinks = np.column_stack([net.w, net.b]) / norm[:, None]
        a = net.a * norm[:, None]
        # Training leaves neurons that have decayed to nothing, with kinks at any distance: they set no scale.
        weight = lengths(a)
        counts = weight > tolerance * weight.sum()
        scale = max(1.0, float(np.abs(kinks[counts, -1]).max(initial=0.0)))
        c = net.c.copy()
        # Equal or opposite kinks have nearly equal |kink·probe|, so only neighbours in that order are compared.
        probe = np.cos(np.arange(kinks.shape[1]))
        key = np.abs(kinks @ probe)
        window = tolerance * scale * float(np.abs(probe).sum())
        kept: list[int] = []
        opposite: list[tuple[int, int]] = []
        for k in np.argsort(key, kind="stable"):
            for m in reversed(kept):
                if key[k] - key[m] > window:
                    kept.append(k)
                    break
                if np.abs(kinks[k] - kinks[m]).max() <= tolerance * scale:
                    a[m] += a[k]
                    break
                if np.abs(kinks[k] + kinks[m]).max() <= tolerance * scale:
                    a[m] += a[k]
                    opposite.append((k, m))
                    c -= a[k] * kinks[m, -1]
                    break
            else:
                kept.append(k)
        kept = [k for k in sorted(kept) if a[k].any()]  # what cancels is gone
        return ReLUNetwork(a[kept], kinks[kept, :-1], kinks[kept, -1], _with_linear_parts(net.V, a, kinks, opposite), c)

    def lifted(self, frame: Frame, outputs: Frame | None = None) -> ReLUNetwork:
        """The network y ↦ outputs.points(h(frame.coordinates(y))) on the space `frame` lies in.

        Without `outputs` the outputs lie in `frame` too, and the cost stays the same; with it, the cost is multiplied
        by outputs.scale/frame.scale.

        Raises
        ------
        ValueError
            If the network's dimensions are not the frames' ranks.
        """
        outputs = frame if outputs is None else outputs
        if (self.dimension, self.outputs) != (frame.rank, outputs.rank):
            msg = (
                f"the network works in {self.dimension} dimensions with {self.outputs} outputs, but the frames have "
                f"rank {frame.rank} and {outputs.rank}"
            )
            raise ValueError(msg)
        w = self.w @ frame.axes / frame.scale
        V = None if self.V is None else outputs.scale * outputs.axes.T @ self.V @ frame.axes / frame.scale
        c = outputs.points(self.c)
        if V is not None:
            c = c - V @ frame.origin
        return ReLUNetwork(outputs.scale * self.a @ outputs.axes, w, self.b - w @ frame.origin, V, c)

    def _without_idle_neurons(self) -> ReLUNetwork:
        # A product that vanishes, of weights that are not 0 too: such a neuron has no slope that a float could hold.
        alive = (lengths(self.a) * lengths(self.w) > 0) & ~without_kink(self)
        c = self.c + np.maximum(self.b[~alive], 0.0) @ self.a[~alive]
        return ReLUNetwork(self.a[alive], self.w[alive], self.b[alive], self.V, c)

    def _inputs(self, Y: ArrayLike) -> Array:
        Y = numbers(Y, "inputs")
        if Y.ndim not in (1, 2) or Y.shape[-1] != self.dimension:
            msg = f"inputs have shape {Y.shape}; this network takes ({self.dimension},) or (m, {self.dimension})"
            raise ValueError(msg + image_advice(Y.shape, self.dimension))
        return Y


def _with_linear_parts(V: Array | None, a: Array, kinks: Array, opposite: list[tuple[int, int]]) -> Array | None:
    """V − Σ a_k w_mᵀ over pairs (k, m): one product, as a matrix of thousands of rows and columns is large."""
    if not opposite:
        return V
    k, m = np.array(opposite).T
    product = a[k].T @ kinks[m, :-1]
    np.subtract(0.0 if V is None else V, product, out=product)
    return np.asarray(product)


def image_advice(shape: tuple[int, ...], dimension: int) -> str:
    """What to do with images (m, …) of as many pixels as there are dimensions; nothing to say about other arrays."""
    if len(shape) < 3 or math.prod(shape[1:]) != dimension:
        return ""
    sizes = ", ".join(map(str, shape[1:]))
    return f": flatten these images by .reshape({shape[0]}, -1); .reshape(-1, {sizes}) brings them back"


@runtime_checkable
class HasNetwork(Protocol):
    """A denoiser that carries its network, such as `CertifiedDenoiser`."""

    @property
    def network(self) -> ReLUNetwork:
        """The network."""


def network_of(denoiser: ReLUNetwork | HasNetwork) -> ReLUNetwork:
    """The network of a denoiser, or the network itself; ``TypeError`` for what is neither."""
    network = denoiser if isinstance(denoiser, ReLUNetwork) else getattr(denoiser, "network", None)
    if not isinstance(network, ReLUNetwork):
        hint = "; a saved one is read by exactnorm.load(file)" if isinstance(denoiser, str | PathLike) else ""
        shown = repr(denoiser) if len(repr(denoiser)) <= 80 else what_is(denoiser)
        msg = f"{shown} is no denoiser: give a ReLUNetwork, or what min_norm_denoiser returns{hint}"
        raise TypeError(msg)
    return network


def without_kink(network: ReLUNetwork) -> NDArray[np.bool_]:
    """Neurons (K,) without input weights, or with so little that no number holds how far their kinks are.

    They are off, or constants to far below the rounding of their values; training with weight decay leaves such.
    """
    return np.asarray(lengths(network.w) <= np.abs(network.b) / LARGEST)


def lengths(rows: Array) -> Array:
    """Norm of every row, shape (K,), of numbers of any size: squares that vanish would make a weight cost nothing."""
    size = np.abs(rows).max(axis=1, initial=0.0)
    unit = rows / np.where(size > 0, size, 1.0)[:, None]
    return np.asarray(size * np.linalg.norm(unit, axis=1))
