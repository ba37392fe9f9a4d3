"""What a solver states as the upper value is what a check supports, or it says that nothing does."""

import numpy as np
import pytest

from exactnorm import ReLUNetwork, TrainingSet, check_certificate, min_norm_denoiser, problems
from exactnorm.certify import CertificateUndecided, interpolation
from exactnorm.certify.balls import correction
from exactnorm.certify.balls.correction import stated_upper
from exactnorm.certify.interpolation import sure_miss


def undecided(*_, **__):
    msg = "which sides a kink passes is not found out"
    raise CertificateUndecided(msg)


def test_of_few_balls_nothing_is_stated_that_a_look_at_the_network_leaves_undecided(monkeypatch):
    train = TrainingSet(problems.acute().train.points, 1e-3)
    plain = min_norm_denoiser(train).certificate
    assert plain.upper < np.inf
    monkeypatch.setattr(correction, "sides_of_balls", undecided)
    found = min_norm_denoiser(train)
    assert found.certificate.upper == np.inf
    assert found.certificate.lower == pytest.approx(plain.lower, rel=1e-6)
    assert "no upper value is stated: which sides a kink passes is not found out" in found.status


def test_of_many_balls_the_status_says_where_nothing_supports_the_cost(monkeypatch):
    train = problems.gaussian(120, 3, seed=0).train
    supported = min_norm_denoiser(train, time_limit=2.0)
    assert "nothing supports" not in supported.status
    assert check_certificate(supported.certificate, train, supported.network)[1] < np.inf
    monkeypatch.setattr(correction, "_cost_of_many", undecided)
    found = min_norm_denoiser(train, time_limit=2.0)
    assert found.certificate.upper >= found.network.representation_cost
    assert "the upper value is the cost of the network, and nothing supports it: which sides" in found.status
    assert "bracket is valid" not in found.status


def test_a_network_that_is_not_constant_near_the_points_has_no_upper_value():
    """The identity interpolates bare points at no cost; a check refutes it."""
    points = problems.acute().train.points
    identity = ReLUNetwork(np.zeros((0, 2)), np.zeros((0, 2)), np.zeros(0), np.eye(2), np.zeros(2))
    train, said = TrainingSet(points, 0.0), []
    assert stated_upper(identity, train, sure_miss(identity, train), say=said.append) == np.inf
    assert said == ["no upper value is stated, as the network that was found is not constant near the points"]


def far_out(size, dimension):
    """Points whose coordinates are ten million times as large as what they differ by."""
    points = np.random.default_rng(41082).standard_normal((size, dimension)) + 1e7
    return TrainingSet(points, 0.15 * TrainingSet(points, 0.0).separation)


@pytest.mark.parametrize(("size", "dimension"), [(105, 3), (50, 200)])
def test_far_from_the_origin_what_is_stated_of_many_neurons_is_supported(size, dimension):
    found = min_norm_denoiser(far_out(size, dimension), time_limit=2.0)
    assert found.network.neurons * size * dimension > interpolation.EXACT
    assert found.certificate.upper < np.inf
    _, upper, _ = check_certificate(found.certificate, found.train, found.network)
    assert upper <= found.certificate.upper * (1 + 1e-9)


@pytest.mark.parametrize(("size", "stated"), [(105, "nothing supports it: "), (50, "no upper value is stated: ")])
def test_where_rounding_may_hide_a_miss_from_a_check_the_status_says_so(size, stated, monkeypatch):
    monkeypatch.setattr(interpolation, "EXACT", 0)
    monkeypatch.setattr(interpolation, "LONGER", 0)
    found = min_norm_denoiser(far_out(size, 3), time_limit=2.0)
    assert f"{stated}whether the network of {found.network.neurons} neurons interpolates is not decided" in found.status
    assert (found.certificate.upper < np.inf) == (size > correction.MANY)
    with pytest.raises(CertificateUndecided, match="rounding could hide a larger one"):
        check_certificate(found.certificate, found.train, found.network)


def test_a_network_that_misses_balls_has_no_upper_value():
    train, said = TrainingSet([[0.0], [1.0]], 0.2), []
    network = ReLUNetwork([[1.0], [-1.0]], [[1.0], [1.0]], [-0.2, -0.8], None, [0.0])
    miss = sure_miss(network, train)
    assert miss.error == pytest.approx(0.4)
    assert stated_upper(network, train, miss, say=said.append) == np.inf
    assert said == ["no upper value is stated, as the network that was found misses balls by more than rounding"]


@pytest.mark.parametrize("seed", range(5))
def test_the_error_in_longer_floats_is_that_of_rational_numbers_up_to_its_rounding(seed, monkeypatch):
    rng = np.random.default_rng(seed)
    points = rng.standard_normal((6, 3)) + 1e9
    w = rng.standard_normal((9, 3))
    b = -(w * points[rng.integers(6, size=9)]).sum(axis=1)
    network, train = ReLUNetwork(1e-9 * w, w, b, np.eye(3), np.zeros(3)), TrainingSet(points, 0.0)
    exact = sure_miss(network, train)
    assert exact.rounding == 0.0
    monkeypatch.setattr(interpolation, "EXACT", 0)
    longer = sure_miss(network, train)
    assert abs(longer.error - exact.error) <= longer.rounding
    monkeypatch.setattr(interpolation, "LONGER", 0)
    assert longer.rounding == pytest.approx(
        sure_miss(network, train).rounding * np.finfo(np.longdouble).eps / np.finfo(float).eps
    )
