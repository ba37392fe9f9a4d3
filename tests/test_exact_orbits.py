"""Averages over the isometries of the points, of dual matrices, networks and multipliers; and orbits of patterns."""

from dataclasses import replace

import numpy as np
import pytest
from symmetric_sets import SETS, cross_polytope, problems

from exactnorm.certify.balls.cell import CellProof, slack_matrix, uncovered
from exactnorm.exact.balls.averaged import average, corrected_average, folded, unmet
from exactnorm.exact.balls.bracket import dual_value
from exactnorm.exact.balls.cells import halves, tangent_cells, whole_cells
from exactnorm.exact.balls.kinks import dual_values
from exactnorm.exact.balls.polish import Neurons, residual
from exactnorm.exact.balls.start import edge_matrices, first_kinks
from exactnorm.exact.balls.tracked import everywhere, followed, together
from exactnorm.exact.settings import Settings


def every_isometry(problem):
    """Permutations and turns of the whole group, by products of generators until there are no new ones."""
    size, generators = len(problem.points), problem.orbits.generators
    group, new = {tuple(range(size)): np.eye(problem.rank)}, [tuple(range(size))]
    while new:
        one = new.pop()
        for permutation, turn in zip(generators.permutation, generators.turn, strict=True):
            image = tuple(permutation[list(one)].tolist())
            if image not in group:
                group[image] = turn @ group[one]
                new.append(image)
    return group


def mean_over(group, problem, B):
    """The average of dual matrices over a group, by the definition."""
    r = problem.rank
    centre = problem.points.mean(axis=0)
    all_of = np.concatenate([-B.sum(axis=0)[None], B])
    all_of[:, :, :r] -= all_of[:, :, r:] * centre
    mean = np.zeros_like(all_of)
    for permutation, turn in group.items():
        lifted = np.eye(r + 1)
        lifted[:r, :r] = turn
        mean[list(permutation)] += turn @ all_of @ lifted.T / len(group)
    mean[:, :, :r] += mean[:, :, r:] * centre
    return mean[1:]


@pytest.mark.parametrize("name", SETS)
def test_averages_of_dual_matrices_are_those_over_the_whole_group(name):
    _, problem = problems(SETS[name])
    group = every_isometry(problem)
    rng = np.random.default_rng(0)
    shape = (len(problem.points) - 1, problem.rank, problem.rank + 1)
    some = [rng.standard_normal(shape) for _ in range(problem.orbits.basis.shape[1] + 3)]
    means = [mean_over(group, problem, B) for B in some]
    for B, mean in zip(some, means, strict=True):
        assert problem.orbits.averaged(B) == pytest.approx(mean, abs=1e-12)
    # The basis spans all averages and nothing else.
    spanned = problem.orbits.matrices(problem.tree)
    assert np.linalg.matrix_rank(np.array([mean.ravel() for mean in means]), tol=1e-9) == spanned.shape[1]
    assert np.linalg.matrix_rank(np.column_stack([spanned, *(one.ravel() for one in means)]), tol=1e-9) == len(
        spanned.T
    )


@pytest.mark.parametrize("name", SETS)
def test_orbits_hold_all_patterns_and_the_dual_function_has_the_same_values_on_them(name):
    whole, problem = problems(SETS[name])
    orbits = problem.orbits
    assert len(problem.patterns) < len(whole.patterns)
    assert np.array_equal(orbits.patterns, whole.patterns)
    # Patterns of one orbit have as many balls on, or off.
    on = np.minimum(whole.patterns.sum(axis=1), (~whole.patterns).sum(axis=1))
    assert np.array_equal(on, on[orbits.chosen][orbits.of])
    B = orbits.averaged(np.random.default_rng(1).standard_normal((len(whole.points) - 1, whole.rank, whole.rank + 1)))
    kinks = first_kinks(whole)
    row, by = orbits.folding(kinks.pattern)
    assert len(row) == len(kinks)
    moved = folded(problem, Neurons(kinks, np.zeros_like(kinks.w), B)).kinks
    assert {one.tobytes() for one in moved.pattern} == {one.tobytes() for one in problem.patterns}
    assert dual_values(moved, B) == pytest.approx(dual_values(kinks, B), abs=1e-12)
    assert by.error(problem.points) < 1e-14


@pytest.mark.parametrize("name", SETS)
def test_a_network_whose_average_meets_the_conditions_left_interpolates_once_it_is_averaged(name):
    whole, problem = problems(SETS[name])
    rng = np.random.default_rng(2)
    kinks = first_kinks(problem)
    some = corrected_average(problem, Neurons(kinks, rng.standard_normal(kinks.w.shape), np.zeros(0)))
    assert np.abs(unmet(problem, some.kinks, some.a)).max() < 1e-12
    spread = average(problem, some)
    assert np.abs(residual(whole.points, spread.kinks, spread.a)).max() < 1e-12
    assert spread.cost <= some.cost * (1 + 1e-12)
    # One that does not has an average that does not, by as much as the conditions say.
    off = average(problem, Neurons(kinks, some.a + 0.1, np.zeros(0)))
    assert np.abs(residual(whole.points, off.kinks, off.a)).max() > 1e-3


def random_proofs(problem, rng):
    """Multipliers of no merit for whole and tangent cells of the chosen patterns, cut in halves."""
    out = []
    for k, whole in enumerate(whole_cells(problem.patterns, problem.rank)):
        pieces = tangent_cells(whole) if k % 2 else [whole]
        for cell in [half for piece in pieces for half in halves(piece, rng.standard_normal(problem.rank))]:
            ell = rng.standard_normal((cell.rows, problem.rank + 1))
            ell[:, -1] = np.linalg.norm(ell[:, :-1], axis=1) + rng.random(cell.rows)
            out.append(CellProof(cell, float(rng.standard_normal()), np.triu(rng.random((cell.rows,) * 2), 1), ell))
    return out


@pytest.mark.parametrize("name", SETS)
def test_multipliers_taken_to_other_patterns_say_there_what_they_said_before(name):
    whole, problem = problems(SETS[name])
    rng, r, centre = np.random.default_rng(3), whole.rank, whole.points.mean(axis=0)
    B = problem.orbits.averaged(rng.standard_normal((len(whole.points) - 1, r, r + 1)))
    proofs = random_proofs(problem, rng)
    everywhere = problem.orbits.everywhere(proofs)
    assert uncovered([one.cell for one in everywhere], whole.patterns) == ""
    assert uncovered([one.cell for one in everywhere[1:]], whole.patterns) != ""
    own = {one.tobytes(): [] for one in problem.patterns}
    for one in proofs:
        own[one.cell.pattern.tobytes()].append(one)
    pairs = [(k, one) for k, of in enumerate(problem.orbits.of) for one in own[problem.patterns[of].tobytes()]]
    for (k, one), moved in zip(pairs, everywhere, strict=True):
        # The form S at any kink, and at its image.
        turn = problem.orbits.by.turn[k]
        w, b, t = rng.standard_normal(r), rng.standard_normal(), rng.random()
        image, sign = turn @ w, -1.0 if problem.orbits.over[k] else 1.0
        here, there = [np.append(w, t), np.append(sign * image, t)]
        if one.cell.ball < 0:
            here, there = np.insert(here, r, b), np.insert(there, r, sign * (b + (w - image) @ centre))
        before = here @ slack_matrix(one, whole.points, whole.rho, B) @ here
        assert there @ slack_matrix(moved, whole.points, whole.rho, B) @ there == pytest.approx(before, rel=1e-9)
        assert np.sign(moved.cell.cuts @ there[:r]) == pytest.approx(np.sign(one.cell.cuts @ here[:r]))


def test_segments_averaged_over_the_group_are_worth_as_much():
    whole, problem = problems(SETS["prism of 3"])
    B = edge_matrices(whole, Settings())
    assert dual_value(problem, problem.orbits.averaged(B)) == pytest.approx(dual_value(whole, B), rel=1e-12)
    kinks = first_kinks(whole)
    assert dual_values(kinks, problem.orbits.averaged(B)).max() <= 1 + 1e-12


def test_kinks_that_touch_more_balls_than_a_sphere_of_them_can_do_no_harm():
    whole, _ = problems(cross_polytope(3))
    B = edge_matrices(whole, Settings())
    start = everywhere(whole, np.ones_like(whole.patterns))
    crowded = replace(start, touched=np.ones_like(start.touched))
    plain, more = (followed(whole, B, one, 0.5, lambda: None) for one in (start, together(start, crowded)))
    assert len(plain) > 0
    assert more.value.max() == pytest.approx(plain.value.max(), rel=1e-12)
