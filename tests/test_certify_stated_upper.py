"""What a solver states as the upper value is what a check supports, or it says that nothing does."""

import numpy as np
import pytest

from exactnorm import ReLUNetwork, TrainingSet, check_certificate, min_norm_denoiser, problems
from exactnorm.certify import CertificateUndecided
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
