"""A network for samples in rational numbers, and what makes it go through them exactly."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from flint import fmpq, fmpq_mat

from exactnorm.network import ReLUNetwork
from exactnorm.proof.rationals import exact, rounded
from exactnorm.proof.records import ProvedNetwork, ProvedNeuron
from exactnorm.proof.samples import network_values
from exactnorm.prover.frame import matrix
from exactnorm.prover.sample_task import SampleTask, ratio

WEIGHTS = 18
"""Decimals of the network's weights."""
DIRECTIONS = 64
"""Directions along which a network is looked for that supplies what another one misses."""


def exact_network(task: SampleTask, network: ReLUNetwork) -> ProvedNetwork:
    """The network in rational numbers; without weight decay with what it then misses supplied along one direction.

    Where an affine function goes through all samples exactly, it is that: it costs nothing.
    """
    if (affine := affine_function(task)) is not None:
        return affine
    inputs, outputs = task.problem.inputs, task.problem.outputs
    inner, outer = (2.0**unit for unit in task.problem.units)
    norms = np.linalg.norm(network.w, axis=1)
    pull = inputs.gamma.solve(task.where.differences)
    w, a = fmpq_mat(inputs.rank, 0), fmpq_mat(outputs.rank, 0)
    if network.neurons:
        w = pull * matrix(network.w / norms[:, None]).transpose()
        a = task.into * matrix(network.a * norms[:, None]).transpose() * ratio(task)
    b = (network.w @ task.inputs[0] + network.b) / norms / inner
    neurons = [
        ProvedNeuron(_column(w, k), rounded(exact(float(b[k])), WEIGHTS), _column(a, k)) for k in range(network.neurons)
    ]
    V = fmpq_mat(outputs.rank, inputs.rank)
    slope = np.zeros((network.outputs, network.dimension)) if network.V is None else network.V
    if slope.any():
        V = task.into * matrix(slope) * task.where.differences.transpose() * inputs.gamma.inv() * ratio(task)
    here = network.c + slope @ task.inputs[0] - task.finite.targets[0]
    c = task.into * matrix(here[:, None] / outer)
    found = ProvedNetwork(tuple(neurons), tuple(_column(V.transpose(), i) for i in range(outputs.rank)), _column(c, 0))
    return found if task.problem.decay is not None else corrected(task, found)


def affine_function(task: SampleTask) -> ProvedNetwork | None:
    """The affine function through the samples of the basis, if it goes through all others."""
    inputs, outputs, of = task.problem.inputs, task.problem.outputs, task.problem.of
    wanted = outputs.gamma.solve(outputs.heights.transpose())
    q = range(outputs.rank)
    steps = [wanted[i, of[m]] - wanted[i, of[0]] for i in q for m in inputs.basis]
    V = fmpq_mat(outputs.rank, inputs.rank, steps) * inputs.gamma.inv()
    rows = tuple(tuple(V[i, k] for k in range(inputs.rank)) for i in q)
    found = ProvedNetwork((), rows, tuple(wanted[i, of[0]] for i in q))
    values = network_values(task.problem, found)
    return found if all(values[m, i] == wanted[i, n] for m, n in enumerate(of) for i in q) else None


def corrected(task: SampleTask, network: ProvedNetwork) -> ProvedNetwork:
    """The network with a broken line along one direction added, that supplies exactly what it misses."""
    inputs, outputs = task.problem.inputs, task.problem.outputs
    wanted = outputs.gamma.solve(outputs.heights.transpose())
    values = network_values(task.problem, network)
    missed = [[wanted[i, n] - values[m, i] for i in range(outputs.rank)] for m, n in enumerate(task.problem.of)]
    theta, t = direction(task)
    order = sorted(range(inputs.size), key=lambda m: t[m])
    order = [m for k, m in enumerate(order) if k == 0 or t[m] != t[order[k - 1]]]
    slopes = [[(y - x) / (t[n] - t[m]) for x, y in zip(missed[m], missed[n], strict=True)] for m, n in pairwise(order)]
    more = []
    for k in range(1, len(slopes)):
        bend = tuple(y - x for x, y in zip(slopes[k - 1], slopes[k], strict=True))
        if any(bend):
            more.append(ProvedNeuron(theta, -t[order[k]], bend))
    V = tuple(
        tuple(old + slopes[0][i] * one for old, one in zip(row, theta, strict=True)) for i, row in enumerate(network.V)
    )
    first = order[0]
    c = tuple(old + missed[first][i] - slopes[0][i] * t[first] for i, old in enumerate(network.c))
    return ProvedNetwork((*network.neurons, *more), V, c)


def direction(task: SampleTask) -> tuple[tuple[fmpq, ...], list[fmpq]]:
    """A direction along which no two different samples are near each other, and the samples' places along it."""
    distinct = np.unique(task.X, axis=0)
    rng = np.random.default_rng(0)
    tried = np.vstack([np.eye(task.X.shape[1]), rng.standard_normal((DIRECTIONS, task.X.shape[1]))])
    tried /= np.linalg.norm(tried, axis=1)[:, None]
    gaps = np.diff(np.sort(distinct @ tried.T, axis=0), axis=0).min(axis=0)
    row = task.where.vectors(tried[int(np.argmax(gaps))])
    theta = tuple(rounded(row[0, i], 6) for i in range(row.ncols()))
    at = task.problem.inputs.heights * fmpq_mat([[one] for one in theta])
    return theta, [at[m, 0] for m in range(task.problem.inputs.size)]


def _column(table: fmpq_mat, k: int) -> tuple[fmpq, ...]:
    return tuple(rounded(table[i, k], WEIGHTS) for i in range(table.nrows()))
