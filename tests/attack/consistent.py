"""Files whose arrays are changed together, so that they still fit each other."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from attack.mutant import BOASTS, Mutant, archive
from attack.targets import Target
from exactnorm.certify.saved_evidence import OF_KIND

OF_EVIDENCE = {"evidence", *(name for one in OF_KIND.values() for name in one)}
CELLS = ("cell_pattern", "cell_ball", "cell_mu")


def consistent_changes(one: Target, others: list[Target], rng: np.random.Generator) -> Iterator[Mutant]:
    """Changes that keep arrays consistent with each other, with every boast."""
    networks = network_changes(one)
    bare = {f"{name}, no evidence": without_evidence(arrays) for name, arrays in networks.items()}
    foreign = {f"evidence of {other.name}": with_evidence_of(one, other) for other in others}
    changes = {**networks, **bare, **foreign, **evidence_changes(one, rng), **problem_changes(one)}
    for name, arrays in changes.items():
        for boast, claims in BOASTS.items():
            yield Mutant(one, "several", name, boast, lambda a=arrays, c=claims: archive({**a, **c(a)}))


def network_changes(one: Target) -> dict[str, dict[str, Any]]:
    """Networks that cost less, or whose values are lost in rounding."""
    old, d, q = one.arrays, one.arrays["w"].shape[1], one.arrays["c"].shape[0]
    free = {"a": np.zeros((0, q)), "w": np.zeros((0, d)), "b": np.zeros(0), "c": np.zeros(q)}
    eye = {"V": np.eye(q, d), "upper": np.float64(0.0), "lower": np.float64(0.0)}
    huge = {
        "a": np.vstack([old["a"], np.ones((1, q))]),
        "w": np.vstack([old["w"], np.zeros((1, d))]),
        "b": np.append(old["b"], 3e15),
        "c": old["c"] - 3e15,
    }
    found = {"the identity": {**old, **free, **eye}, "a constant": {**old, **free}, "a huge neuron": {**old, **huge}}
    for s in (0.5, 0.999, 1 - 1e-7, 1e-20, 1e20, 1e200):
        found[f"a times {s:g}"] = {
            **old,
            "a": old["a"] * s,
            "upper": old["upper"] * s,
            "lower": old["lower"] * min(s, 1),
        }
        found[f"w, b by and a times {s:g}"] = {**old, "a": old["a"] * s, "w": old["w"] / s, "b": old["b"] / s}
    for k in range(len(old["a"])):
        fewer = {name: np.delete(old[name], k, axis=0) for name in ("a", "w", "b")}
        cost = float(np.linalg.norm(fewer["a"], axis=1) @ np.linalg.norm(fewer["w"], axis=1))
        found[f"without neuron {k}"] = {**old, **fewer, "upper": np.float64(cost), "lower": min(old["lower"], cost)}
    many = {name: np.concatenate([old[name]] * 500) for name in ("a", "w", "b")}
    found["500 times the neurons"] = {**old, **many, "a": many["a"] / 500}
    return found


def without_evidence(arrays: dict[str, Any]) -> dict[str, Any]:
    """The same, claiming nothing of the least cost, so that the network alone is looked at."""
    if "multipliers" in arrays:
        return {**arrays, "multipliers": 0 * arrays["multipliers"], "lower": np.float64(0.0)}
    kept = {name: value for name, value in arrays.items() if name not in OF_EVIDENCE}
    return {**kept, "evidence": np.array("nothing"), "lower": np.float64(0.0)}


def with_evidence_of(one: Target, other: Target) -> dict[str, Any]:
    """Evidence of another certificate, all of it, with the bound that it gave there."""
    kept = {name: value for name, value in one.arrays.items() if name not in OF_EVIDENCE}
    taken = {name: value for name, value in other.arrays.items() if name in (*OF_EVIDENCE, "lower")}
    return {**kept, **taken, "upper": max(one.arrays["upper"], other.arrays["lower"])}


def evidence_changes(one: Target, rng: np.random.Generator) -> dict[str, dict[str, Any]]:
    """Other evidence, consistent in itself."""
    old, found = one.arrays, {}
    for s in (0.1, 1 + 1e-9, 1.001, 2.0, 1e3, 1e20, 1e45):
        for name in ("B", "multipliers", "cell_nu", "cell_ell"):
            if name in old:
                found[f"{name} times {s:g} and the bound"] = {**old, name: old[name] * s, "lower": old["lower"] * s}
                found[f"{name} times {s:g} and both"] = {
                    **old, name: old[name] * s, "lower": old["lower"] * s, "upper": max(old["upper"], old["lower"] * s)
                }  # fmt: skip
    if "B" in old:
        for s in (1e8, 1e15, 1e30):
            shift = s * rng.standard_normal(old["B"].shape[1:])
            found[f"B shifted by {s:g}"] = {
                **old,
                "B": old["B"] + shift * (-1.0) ** np.arange(len(old["B"]))[:, None, None],
            }
        turn = np.linalg.qr(rng.standard_normal((len(old["axes"]),) * 2))[0]
        found["axes turned"] = {**old, "axes": turn @ old["axes"]}
        for s in (0.5, 2.0, 1e-3, 1e3, 1 + 1e-10):
            found[f"unit times {s:g}"] = {**old, "scale": old["scale"] * s}
            found[f"axes times {s:g}"] = {**old, "axes": old["axes"] * s, "scale": old["scale"] * s}
    if "cell_ball" in old:
        found |= cell_changes(old, rng)
    if "multipliers" in old:
        noise = rng.standard_normal(old["multipliers"].shape)
        found["multipliers of noise"] = {**old, "multipliers": noise}
        found["multipliers plus a constant"] = {**old, "multipliers": old["multipliers"] + 1e15}
    if "segment_ends" in old:
        ends, weights = old["segment_ends"], old["segment_weights"]
        for a, b, c in (
            (0, 0, 1.0),
            (0, 9, 1.0),
            (-1, 0, 1.0),
            (2**62, 0, 1.0),
            (0, 1, -1.0),
            (0, 1, 0.0),
            (0, 1, 1e45),
        ):
            more = {"segment_ends": np.vstack([ends, [[a, b]]]), "segment_weights": np.append(weights, c)}
            found[f"segment {a}, {b}, {c:g}"] = {**old, **more}
        many = {"segment_ends": np.tile(ends, (20_000, 1)), "segment_weights": np.tile(weights, 20_000)}
        found["100000 segments"] = {**old, **many}
        found["no segments"] = {**old, "segment_ends": ends[:0], "segment_weights": weights[:0]}
        found["weights for half of them"] = {**old, "segment_weights": weights[: len(weights) // 2]}
    if "part_rows" in old:
        found |= part_changes(one)
    if "rays" in old:
        for rows in ([0], [0, 0], [0, 1, 1], [0, -1], [0, 1, 99], list(range(1000)), [0] * 100_000, [2**62, 1]):
            found[f"rays {rows[:3]} of {len(rows)}"] = {**old, "rays": np.array(rows)}
    return found


def part_changes(one: Target) -> dict[str, dict[str, Any]]:
    """The part's evidence for other points, for all of them, of another kind, or for none."""
    old, found = one.arrays, {}
    size, k = len(old["points"]), len(old["part_rows"])
    for rows in itertools.combinations(range(size), k):
        found[f"part {rows}"] = {**old, "part_rows": np.array(rows)}
    for rows in (list(range(size)), [0] * k, [*range(k - 1), size], [-1, *range(k - 1)], [0, 2**62], [0], []):
        found[f"part {rows[:3]} of {len(rows)}"] = {**old, "part_rows": np.array(rows, dtype=np.int64)}
    found["a million rows"] = {**old, "part_rows": np.arange(1_000_000)}
    bare = {name: value for name, value in old.items() if name != "part_rows"}
    kind = str(old["evidence"]).removeprefix("part by ")
    found["the part's evidence for all"] = {**bare, "evidence": np.array(kind)}
    for name in ("part by nothing", "part by rays", f"part by part by {kind}", "part", kind):
        found[f"kind {name}"] = {**old, "evidence": np.array(name)}
    return found


def cell_changes(old: dict[str, Any], rng: np.random.Generator) -> dict[str, dict[str, Any]]:
    """Cells in another order, twice, too few, tangent to other balls, and cut into nothing."""
    K, N = old["cell_pattern"].shape
    r = old["cell_ell"].shape[1] - 1
    plain = not old["cell_sizes"].any()
    found = {}
    if plain:
        nu, ell = old["cell_nu"].reshape(K, -1), old["cell_ell"].reshape(K, N, r + 1)
        ways = {"permuted": rng.permutation(K), "doubled": np.tile(np.arange(K), 2), "first only": np.array([0])}
        ways |= {"500 times": np.tile(np.arange(K), 500), "without the last": np.arange(K - 1)}
        for name, k in ways.items():
            part = {field: old[field][k] for field in CELLS} | {"cell_sizes": old["cell_sizes"][k]}
            part |= {"cell_nu": nu[k].ravel(), "cell_ell": ell[k].reshape(-1, r + 1)}
            found[f"cells {name}"] = {**old, **part}
        for depth in (1, 2, 190, 1100):
            # One side only, so deep that a recursive check would end in an error.
            rows = N + depth
            part = {
                "cell_sizes": np.full(K, depth), "cell_cuts": np.tile(np.eye(1, r), (K * depth, 1)),
                "cell_nu": np.zeros(K * rows * (rows - 1) // 2), "cell_ell": np.zeros((K * rows, r + 1)),
            }  # fmt: skip
            found[f"{depth} cuts"] = {**old, **part}
    for ball in (-2, -1, 0, 1, N - 1, N, 2**40):
        found[f"cells at ball {ball}"] = {**old, "cell_ball": np.full(K, ball)}
    found["first balls on"] = {**old, "cell_pattern": ~old["cell_pattern"]}
    found["no multipliers"] = {
        **old,
        "cell_nu": 0 * old["cell_nu"],
        "cell_ell": 0 * old["cell_ell"],
        "cell_mu": 0 * old["cell_mu"],
    }
    found["mu -1/4"] = {**found["no multipliers"], "cell_mu": np.full(K, -0.25)}
    return found


def problem_changes(one: Target) -> dict[str, dict[str, Any]]:
    """Another problem in the file."""
    old, found = one.arrays, {}
    lengths = [name for name in ("points", "rho", "samples", "inputs", "origin", "scale", "b", "c") if name in old]
    for s in (1e-150, 1e-3, 2.0, 1e8, 1e130, 1e300):
        found[f"all lengths times {s:g}"] = {**old, **{name: old[name] * s for name in lengths}}
    for name in ("points", "inputs", "targets", "samples"):
        if name in old:
            found[f"{name} swapped"] = {**old, name: old[name][[1, 0, *range(2, len(old[name]))]]}
            found[f"{name} apart"] = {**old, name: old[name] * 10.0}
    if "rho" in old:
        for rho in (0.0, 1e-9, 0.05, 0.2, 0.49, -0.1, 1e-300):
            found[f"rho {rho:g}"] = {**old, "rho": np.float64(rho)}
    for decay in (1e-9, 1e-3, 1.0, 0.0, -1.0):
        found[f"weight decay {decay:g}"] = {**old, "weight_decay": np.float64(decay)}
    return found
