"""Solves with one pattern of each orbit: the same optimum as without, and certificates of the points as they are."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.distance import pdist
from scipy.stats import ortho_group
from symmetric_sets import cross_polytope, lattice, polygon, prism

from exactnorm import TrainingSet, check_certificate, load, min_norm_denoiser, save
from exactnorm.certify.balls.cell import CellProof, slack_matrix, uncovered
from exactnorm.certify.balls.evidence import Cells, Faces
from exactnorm.exact.balls import loop, solve
from exactnorm.exact.balls.averaged import average, corrected_average, folded, unmet, up_to_symmetry
from exactnorm.exact.balls.bracket import dual_value
from exactnorm.exact.balls.cells import halves, tangent_cells, whole_cells
from exactnorm.exact.balls.kinks import dual_values
from exactnorm.exact.balls.polish import Neurons, residual
from exactnorm.exact.balls.problem import Reduced, reduced
from exactnorm.exact.balls.start import edge_matrices, first_kinks
from exactnorm.exact.balls.tracked import everywhere, followed, together
from exactnorm.exact.settings import Settings

SETS = {
    "square": lattice(2, 2),
    "pentagon": polygon(5),
    "3 by 3": lattice(3, 3),
    "prism of 3": prism(3, 1.2),
    "octahedron": cross_polytope(3),
    "mirror": np.array([[-1.0, 0.0], [1.0, 0.0], [-0.6, 0.9], [0.6, 0.9], [-0.8, -1.1], [0.8, -1.1], [0.0, 2.0]]),
}


def problems(points: np.ndarray, share: float = 0.3) -> tuple[Reduced, Reduced]:
    """The problem, and that with one pattern of each orbit."""
    whole = reduced(TrainingSet(points, share * pdist(points).min()))
    return whole, up_to_symmetry(whole, first_kinks(whole), lambda: None)


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


def without_symmetry(monkeypatch, points, rho, **how):
    with monkeypatch.context() as patch:
        patch.setattr(solve, "up_to_symmetry", lambda problem, *_: problem)
        return min_norm_denoiser(points, rho, **how)


@pytest.mark.parametrize("share", [0.15, 0.4])
@pytest.mark.parametrize("name", SETS)
def test_brackets_with_and_without_symmetry_are_narrow_and_overlap(name, share, monkeypatch):
    rng = np.random.default_rng(4)
    points = SETS[name]
    d = points.shape[1]
    points = 7.0 * (points @ ortho_group.rvs(d, random_state=rng) + rng.uniform(-1, 1, d))
    points = points[rng.permutation(len(points))]
    rho = share * pdist(points).min()
    found, plain = (how(points, rho).certificate for how in (min_norm_denoiser, with_out(monkeypatch)))
    assert max(found.gap, plain.gap) < 1e-6
    assert max(found.lower, plain.lower) <= min(found.upper, plain.upper) * (1 + 1e-9)


def with_out(monkeypatch):
    return lambda points, rho: without_symmetry(monkeypatch, points, rho)


def product_cost(sides, rho):
    """Of a lattice with unit steps: kinks along each axis do, and points on axes through a corner ask for as much."""
    return sum((side - 1) * 2 / (1 - 2 * rho) for side in sides)


@pytest.mark.parametrize(("sides", "rho"), [((2, 2, 2), 0.2), ((2, 2, 2, 2), 0.3), ((4, 4), 0.4), ((3, 3, 3), 0.3)])
def test_lattices_cost_what_their_axes_cost(sides, rho):
    points = lattice(*sides)
    found = min_norm_denoiser(points, rho)
    assert found.certificate.gap < 1e-6
    assert found.certificate.lower <= product_cost(sides, rho) * (1 + 1e-9)
    assert found.certificate.upper >= product_cost(sides, rho) * (1 - 1e-9)
    lower, upper, error = check_certificate(found.certificate, TrainingSet(points, rho), found.network)
    assert (upper - lower) / upper < 1e-6
    assert error < 1e-11


def loop_alone(monkeypatch):
    monkeypatch.setattr(loop, "LARGEST_RELAXATION", 0)


@pytest.mark.parametrize("name", SETS)
def test_the_loop_closes_the_gap_on_orbits_without_the_block_program(name, monkeypatch):
    loop_alone(monkeypatch)
    points = SETS[name]
    rho = 0.35 * pdist(points).min()
    found = min_norm_denoiser(points, rho)
    assert found.certificate.gap < 1e-6
    plain = without_symmetry(monkeypatch, points, rho).certificate
    assert max(found.certificate.lower, plain.lower) <= min(found.certificate.upper, plain.upper) * (1 + 1e-9)


@pytest.mark.parametrize("kind", [Cells, Faces])
def test_certificates_are_saved_and_checked_on_all_patterns(kind, tmp_path, monkeypatch):
    if kind is Faces:
        monkeypatch.setattr(solve, "multipliers", failing)
        loop_alone(monkeypatch)
    points = prism(3, 1.2) @ ortho_group.rvs(3, random_state=5) + 1.0
    train = TrainingSet(points, 0.2)
    found = min_norm_denoiser(train)
    evidence = found.certificate.evidence
    assert isinstance(evidence, kind)
    whole, problem = problems(points, 0.2 / pdist(points).min())
    assert evidence.counts["patterns"] == len(whole.patterns) > len(problem.patterns)
    save(tmp_path / "prism.npz", found)
    again = load(tmp_path / "prism.npz")
    lower, upper, error = check_certificate(again.certificate, train, again.network)
    assert (upper - lower) / upper < 1e-6
    assert error < 1e-11


def failing(*_):
    raise ArithmeticError


def test_points_that_are_symmetric_to_seven_digits_are_solved_as_they_are():
    rng = np.random.default_rng(6)
    points = lattice(2, 2, 2)
    near = points + 1e-7 * rng.standard_normal(points.shape)
    whole, problem = problems(near, 0.2)
    assert problem is whole
    found = min_norm_denoiser(near, 0.2)
    assert found.certificate.gap < 1e-6
    lower, upper, _ = check_certificate(found.certificate, TrainingSet(near, 0.2), found.network)
    assert (upper - lower) / upper < 1e-6
    assert upper == pytest.approx(product_cost((2, 2, 2), 0.2), rel=1e-5)


def test_generic_points_are_left_alone():
    points = np.random.default_rng(7).standard_normal((7, 3))
    whole, problem = problems(points)
    assert problem is whole


@pytest.mark.parametrize("calls", [1, 4, 7, 9, 12])
def test_ctrl_c_and_the_clock_leave_a_valid_bracket(calls, monkeypatch):
    loop_alone(monkeypatch)
    points = cross_polytope(4)
    optimum = min_norm_denoiser(points, 0.2).certificate
    told = itertools.count(1)

    def pressed(_):
        if next(told) == calls:
            raise KeyboardInterrupt

    try:
        found = min_norm_denoiser(points, 0.2, progress=pressed).certificate
    except KeyboardInterrupt:
        assert calls < 3  # there was no network yet
        return
    assert found.lower <= optimum.upper * (1 + 1e-9)
    assert found.upper >= optimum.lower * (1 - 1e-9)


@pytest.mark.parametrize("limit", [1e-3, 0.05, 0.2])
def test_a_time_limit_leaves_a_valid_bracket(limit):
    points = prism(6, 0.8)
    found = min_norm_denoiser(points, 0.2, time_limit=limit)
    lower, upper, error = check_certificate(found.certificate, TrainingSet(points, 0.2), found.network)
    assert 0 < lower <= upper
    assert error < 1e-9


def test_segments_averaged_over_the_group_are_worth_as_much():
    whole, problem = problems(SETS["prism of 3"])
    B = edge_matrices(whole, Settings())
    assert dual_value(problem, problem.orbits.averaged(B)) == pytest.approx(dual_value(whole, B), rel=1e-12)
    kinks = first_kinks(whole)
    assert dual_values(kinks, problem.orbits.averaged(B)).max() <= 1 + 1e-12


def orbits_of_random_points(seed):
    """Two random points, with all their mirror images in three planes or all permutations of their coordinates."""
    rng = np.random.default_rng(seed)
    mirrors = [np.diag(signs) for signs in itertools.product([1.0, -1.0], repeat=3)]
    turns = [np.eye(3)[list(order)] for order in itertools.permutations(range(3))]
    images = np.vstack([[g @ x for g in (mirrors if seed % 2 else turns)] for x in rng.standard_normal((2, 3))])
    return images @ ortho_group.rvs(3, random_state=rng) + rng.standard_normal(3)


@pytest.mark.parametrize("seed", range(4))
def test_kinks_that_are_nearly_symmetric_have_an_average_that_interpolates(seed):
    points = orbits_of_random_points(seed)
    rho = 0.2 * pdist(points).min()
    found = min_norm_denoiser(points, rho)
    assert found.certificate.gap < 1e-6
    lower, upper, error = check_certificate(found.certificate, TrainingSet(points, rho), found.network)
    assert (upper - lower) / upper < 1e-6
    assert error < 1e-11


def test_points_whose_averages_are_no_networks_are_solved_without_symmetry(monkeypatch):
    plain = min_norm_denoiser(SETS["prism of 3"], 0.2).certificate
    monkeypatch.setattr("exactnorm.exact.balls.averaged.IMAGES", 3)
    found = min_norm_denoiser(SETS["prism of 3"], 0.2)
    assert "is no network, so the points were solved as if they had no symmetry" in found.status
    lower, upper, _ = check_certificate(found.certificate, TrainingSet(SETS["prism of 3"], 0.2), found.network)
    assert (upper - lower) / upper < 1e-6
    assert plain.lower <= upper
    assert lower <= plain.upper


def test_ctrl_c_is_no_reason_to_begin_again_without_symmetry(monkeypatch):
    monkeypatch.setattr("exactnorm.exact.balls.averaged.IMAGES", 3)
    begun, original = [], solve.brackets

    def stopped(problem, *rest):
        begun.append(problem)
        yield next(original(problem, *rest))
        raise KeyboardInterrupt

    monkeypatch.setattr(solve, "brackets", stopped)
    found = min_norm_denoiser(SETS["prism of 3"], 0.2)
    assert len(begun) == 1
    assert "interrupted" in found.status
    lower, upper, _ = check_certificate(found.certificate, TrainingSet(SETS["prism of 3"], 0.2), found.network)
    assert 0 < lower <= upper


def test_kinks_that_touch_more_balls_than_a_sphere_of_them_can_do_no_harm():
    whole, _ = problems(cross_polytope(3))
    B = edge_matrices(whole, Settings())
    start = everywhere(whole, np.ones_like(whole.patterns))
    crowded = replace(start, touched=np.ones_like(start.touched))
    plain, more = (followed(whole, B, one, 0.5, lambda: None) for one in (start, together(start, crowded)))
    assert len(plain) > 0
    assert more.value.max() == pytest.approx(plain.value.max(), rel=1e-12)
