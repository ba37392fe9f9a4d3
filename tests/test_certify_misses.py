"""A network that misses its balls or samples a little is no upper bound, however small the miss: it is priced."""

import numpy as np
import pytest

from exactnorm import (
    FiniteProblem,
    ReLUNetwork,
    TrainingSet,
    check_certificate,
    interpolation_error,
    min_norm_denoiser,
    min_norm_network,
)
from exactnorm.certify import Certificate, CertificateError, CertificateUndecided, Multipliers, Nothing
from exactnorm.certify.balls.constancy import sides_of_balls
from exactnorm.certify.balls.correction import correction_cost, stated_upper
from exactnorm.certify.effort import Effort
from exactnorm.certify.finite.bounds import finite_upper_bound
from exactnorm.certify.finite.correction import correction_cost as correction_at_inputs
from exactnorm.certify.finite.correction import misses
from exactnorm.certify.interpolation import sure_miss

TOOTH = FiniteProblem(np.array([0, 1e-7, 2e-7, 1, 2, 3])[:, None], [0, 8e-7, 0, 0, 1, 0])
"""A tooth of slopes 8 and −8 at the first inputs: the jumps are 16, 8, 1, 2, and 27 is the least cost."""
WITHOUT_IT = ReLUNetwork([[1.0], [-2.0]], [[1.0], [1.0]], [-1.0, -2.0], None, [0.0])


def test_a_tooth_finer_than_a_millionth_of_the_targets_costs_what_it_costs():
    assert WITHOUT_IT.representation_cost == 3
    upper, error = finite_upper_bound(TOOTH, WITHOUT_IT)
    assert error == 8e-7
    assert upper == pytest.approx(27, rel=1e-9)
    forged = Certificate(3.0, 3.0, 8e-7, Multipliers(np.zeros((6, 1))))
    with pytest.raises(CertificateError, match=r"supports only \[0.0, 27"):
        check_certificate(forged, TOOTH, WITHOUT_IT)
    honest = min_norm_network(TOOTH.inputs, TOOTH.targets)
    lower, upper, _ = check_certificate(honest.certificate, TOOTH, honest.network)
    assert (lower, upper) == pytest.approx((27, 27), rel=1e-7)


@pytest.mark.parametrize("setting", [{}, {"skip": False}, {"skip": False, "penalise_bias": True}])
def test_corrections_of_samples_cost_no_less_than_the_least_network_for_them(setting):
    rng = np.random.default_rng(4)
    inputs, values = rng.standard_normal((5, 2)), rng.standard_normal((5, 1))
    least = min_norm_network(inputs, values, **setting)
    problem = least.problem
    assert correction_at_inputs(problem, values[problem.distinct[0]], np.zeros(5)) >= least.certificate.lower
    # Along one line the function taken is the least of all.
    inputs = inputs[:, :1]
    least = min_norm_network(inputs, values, skip=True)
    cost = correction_at_inputs(least.problem, values[least.problem.distinct[0]], np.zeros(5))
    assert cost == pytest.approx(least.certificate.upper, rel=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_upper_values_of_networks_that_miss_are_those_of_networks_that_do_not(seed):
    rng = np.random.default_rng(seed)
    found = min_norm_network(rng.standard_normal((7, 2)), rng.standard_normal(7))
    for size in (1e-7, 1e-9, 1e-12):
        less = ReLUNetwork(
            (1 - size) * found.network.a, found.network.w, found.network.b, found.network.V, found.network.c
        )
        assert less.representation_cost < found.certificate.lower * (1 + 1e-6)
        assert finite_upper_bound(found.problem, less)[0] >= found.certificate.lower
        more = [correction_at_inputs(found.problem, *one) for one in misses(found.problem, less)]
        assert min(more) <= 1e3 * size * found.certificate.upper + 1e-13


@pytest.mark.parametrize("share", [9.8e-5, 1e-6, 1e-8])
def test_a_share_of_the_identity_makes_a_network_cheaper_and_is_priced(share):
    train = TrainingSet([[0, 0], [1, 0], [0, 1]], 0.0101)
    optimum = 2 * 2 / (1 - 0.0202)
    honest = min_norm_denoiser(train).network
    mixed = ReLUNetwork((1 - share) * honest.a, honest.w, honest.b, share * np.eye(2), (1 - share) * honest.c)
    error = interpolation_error(mixed, train.points, train.rho)
    assert error < 1e-6
    stated = mixed.representation_cost
    assert stated < optimum * (1 - 0.9 * share)
    forged = Certificate(0.0, stated, 1.1 * error, Nothing())
    with pytest.raises(CertificateError, match=r"supports only \[0.0, 4.0824"):
        check_certificate(forged, train, mixed)
    priced = Certificate(0.0, 1.01 * optimum, 1.1 * error, Nothing())
    assert check_certificate(priced, train, mixed)[1] == pytest.approx(optimum, rel=1e-2)


def lower_and_corrected(points, rho, change):
    """The least cost, from below, and the upper value of a network changed a little."""
    train = TrainingSet(points, rho)
    found = min_norm_denoiser(train)
    network = change(found.network)
    sides = sides_of_balls(network, train).packed
    return found.certificate, network.representation_cost, correction_cost(network, train, sides)


@pytest.mark.parametrize("rho", [0.02, 0.3])
@pytest.mark.parametrize("part", ["a", "V", "c", "b"])
def test_whatever_is_changed_the_corrected_cost_is_above_the_least(rho, part):
    rng = np.random.default_rng(1)
    noise = 1e-8 * rng.standard_normal((2, 2))

    def change(net):
        parts = {"a": net.a, "V": np.zeros((2, 2)), "c": net.c, "b": net.b}
        parts[part] = (
            parts[part] * (1 - 1e-8) if part in ("a", "b") else parts[part] + (noise if part == "V" else noise[0])
        )
        return ReLUNetwork(parts["a"], net.w, parts["b"], parts["V"], parts["c"])

    certificate, cost, more = lower_and_corrected([[0, 0], [1, 0], [0.4, 0.9], [1.3, 1.1]], rho, change)
    assert cost + more >= certificate.lower
    # A kink that enters a ball by more than rounding counts as if it ran through the middle.
    assert part == "b" or more <= 1e-4 * certificate.upper


def test_what_is_stated_of_many_points_in_many_dimensions_holds_with_misses():
    # Output weights that are off by 1e-7: the network costs a little less, and what that is worth is to be added.
    train = TrainingSet(np.eye(150), 0.05)
    denoiser = min_norm_denoiser(train)
    net = denoiser.network
    less = ReLUNetwork(net.a * (1 - 1e-7), net.w, net.b, None, net.c)
    miss = sure_miss(less, train)
    assert less.representation_cost < denoiser.certificate.lower * (1 - 5e-8)
    assert miss.below(1e-6 * train.separation)
    assert denoiser.certificate.lower <= stated_upper(less, train, miss) < 1.01 * denoiser.certificate.lower
    # Of each ball at least what it is missed by, computed from values around it.
    v = np.random.default_rng(0).standard_normal((20, *train.points.shape))
    around = train.points + train.rho * v / np.linalg.norm(v, axis=2, keepdims=True)
    off = np.array([less(one) for one in around]) - train.points
    assert (np.linalg.norm(off, axis=2) <= miss.each[0] + train.rho * miss.each[1]).all()


def test_where_only_rows_and_columns_are_told_apart_they_price_the_miss():
    # On a lattice at contact each ball stands between others, and all that an identity lacks is a sum of theirs.
    points = np.array([[x, y] for x in range(3) for y in range(3)], dtype=float)
    rho = 0.49
    network = ReLUNetwork(np.zeros((0, 2)), np.zeros((0, 2)), np.zeros(0), np.eye(2), np.zeros(2))
    train = TrainingSet(points, rho)
    least = 2 * 2 * 2 / (1 - 2 * rho)
    assert least <= correction_cost(network, train, np.zeros((9, 0), dtype=np.uint8)) < 10 * least


@pytest.mark.parametrize("size", [0.0, 1e-12])
@pytest.mark.parametrize("turn", [0.0, 0.3])
def test_neurons_that_carry_nothing_do_not_lower_the_price_of_a_miss(turn, size):
    # An equilateral triangle near contact, which only its three heights tell apart; each corner is missed by a little.
    angle = turn + 2 * np.pi / 3 * np.arange(3)
    u, R = np.column_stack([np.cos(angle), np.sin(angle)]), 1 / np.sqrt(3)
    m = 1.5 * R
    train = TrainingSet(R * u, m / 2 * (1 - 1e-3))
    optimum = 6 * R / (m - 2 * train.rho)
    rise = (R - 0.99e-6) / (m - 2 * train.rho) * u
    a, w = np.vstack([rise, -rise]), np.vstack([u, u])
    b = np.repeat([R / 2 - train.rho, train.rho - R], 3)
    less = ReLUNetwork(a, w, b, None, np.zeros(2))
    assert less.representation_cost < optimum * (1 - 1.6e-6)
    idle = np.random.default_rng(0).standard_normal((400, 2))
    hidden = ReLUNetwork(
        np.vstack([size * idle, a]), np.vstack([idle, w]), np.append(np.full(400, -9.0), b), None, np.zeros(2)
    )
    for network in (less, hidden):
        upper, _ = check_certificate(Certificate(0.0, np.inf, 1e-6, Nothing()), train, network)[1:]
        assert optimum <= upper < optimum * (1 + 1e-6)


def test_a_miss_that_no_slab_makes_up_for_is_not_priced_by_an_estimate():
    # At this radius the rows and the columns of a rectangle are told apart, and no corner from both of its neighbours.
    corners, rho = np.array([[0.0, 0], [1, 0], [0, 1], [1, 1]]), 0.45
    train = TrainingSet(corners, rho)
    honest = min_norm_denoiser(train)
    lower, upper, _ = check_certificate(honest.certificate, train, honest.network)
    assert lower == pytest.approx(upper, rel=1e-6)
    sides = sides_of_balls(honest.network, train).packed
    assert correction_cost(honest.network, train, sides) < 1e-9 * upper
    # A kink through a ball bends it: what that ball alone misses is no sum of what slabs can do.
    net = honest.network
    bent = ReLUNetwork(
        np.vstack([net.a, [[1e-8, 0.0]]]), np.vstack([net.w, [[1.0, 1.0]]]), np.append(net.b, -1.5), None, net.c
    )
    with pytest.raises(CertificateUndecided, match="do not tell all 4 apart"):
        check_certificate(Certificate(0.0, np.inf, 1e-6, Nothing()), train, bent)


@pytest.mark.parametrize(("size", "share"), [(150, 0.0), (200, 0.3)])
def test_what_ramps_of_many_points_in_the_plane_miss_by_rounding_is_priced(size, share):
    """Points amid so many others are told apart by narrow slabs only: of the widest alone there was no basis."""
    points = np.random.default_rng(0).standard_normal((size, 2))
    rho = share * TrainingSet(points, 0.0).separation
    denoiser = min_norm_denoiser(points, rho, method="ramps", time_limit=3)
    _, upper, _ = check_certificate(denoiser.certificate, denoiser.train, denoiser.network)
    assert upper == pytest.approx(denoiser.network.representation_cost, rel=1e-4)


def test_of_many_points_the_upper_value_is_finite_when_the_time_is_over():
    """Two thousand points in the plane: 15 s of slabs had ended in an infinite one."""
    points = np.random.default_rng(0).standard_normal((150, 2))
    denoiser = min_norm_denoiser(points, 0, method="ramps", time_limit=3)
    net, train = denoiser.network, denoiser.train
    stated = stated_upper(net, train, sure_miss(net, train), effort=Effort(1e-9))
    assert stated == pytest.approx(1.01 * net.representation_cost, rel=1e-12)
