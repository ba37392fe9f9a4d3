"""What finite problems take and refuse, and how they are kept in files."""

import numpy as np
import pytest
from finite_programs import checked

from exactnorm import CertifiedDenoiser, FiniteProblem, ReLUNetwork, load, min_norm_denoiser, min_norm_network, save
from exactnorm.certify import CertifiedNetwork


@pytest.mark.parametrize(
    ("inputs", "targets", "options", "message"),
    [
        ([[0.0], [1.0]], [0.0], {}, "as many targets"),
        ([0.0, 1.0], [0.0, 1.0], {}, "give inputs"),
        ([[0.0], [np.nan]], [0.0, 1.0], {}, "must be finite"),
        ([[0.0], [0.0]], [0.0, 1.0], {}, "all 2 inputs are equal"),
        ([[0.0], [1.0], [0.0]], [0.0, 1.0, 2.0], {}, "inputs 0 and 2 are equal"),
        ([[0.0], [1.0]], [0.0, 1.0], {"weight_decay": 0}, "positive"),
        ([[0.0], [1.0]], [0.0, 1.0], {"weight_decay": "much"}, "is text; give the number"),
        ([[0.0], [1.0]], [0.0, 1.0], {"tol": 0}, "between 0 and 1"),
        ([[0.0], [1.0]], [0.0, 1.0], {"time_limit": -1}, "positive number of seconds"),
        ([[0.0], [1.0]], [0.0, 1.0], {"constant": False}, "needs skip=False and penalise_bias=True"),
        ([[0.0], [1.0]], [0.0, 1.0], {"constant": False, "skip": False}, "needs skip=False and penalise_bias=True"),
        ([[0.0, 0], [1.0, 0], [0, 1], [2, 3]], [0.0, 1.0, 1, 1], {"solver": "none"}, "no such solver"),
    ],
)
def test_bad_input_is_named(inputs, targets, options, message):
    with pytest.raises(ValueError, match=message):
        min_norm_network(inputs, targets, **options)


def test_negative_zero_is_zero():
    with pytest.raises(ValueError, match="are equal but"):
        FiniteProblem([[0.0], [-0.0], [1.0]], [0.0, 1.0, 2.0])


def test_networks_may_have_other_numbers_of_inputs_and_outputs():
    network = ReLUNetwork([[1.0], [2.0]], [[1.0, 0, 0], [0, 1, 0]], [0.0, 1.0], [[0.0, 0, 1]], [0.5])
    assert (network.dimension, network.outputs, network.neurons) == (3, 1, 2)
    assert network([1.0, 1.0, 4.0]) == pytest.approx([1 + 4 + 4 + 0.5])
    assert network.jacobian([1.0, 1.0, 4.0]) == pytest.approx(np.array([[1.0, 2.0, 1.0]]))
    assert network.merged()([1.0, 1.0, 4.0]) == pytest.approx([9.5])
    with pytest.raises(ValueError, match="shapes do not fit"):
        ReLUNetwork([[1.0], [2.0]], [[1.0, 0, 0], [0, 1, 0]], [0.0, 1.0], np.eye(3), [0.5])


@pytest.mark.parametrize("weight_decay", [None, 0.02])
@pytest.mark.parametrize(
    "setting", [{}, {"skip": False}, {"penalise_bias": True}, {"skip": False, "penalise_bias": True, "constant": False}]
)
def test_a_saved_network_comes_back_with_its_problem(tmp_path, setting, weight_decay):
    rng = np.random.default_rng(0)
    found = min_norm_network(rng.standard_normal((5, 2)), rng.standard_normal(5), **setting, weight_decay=weight_decay)
    save(tmp_path / "found.npz", found)
    back = load(tmp_path / "found.npz")
    for name in ("skip", "penalise_bias", "constant", "weight_decay"):
        assert getattr(back.problem, name) == getattr(found.problem, name)
    assert back.status == found.status
    assert back(back.problem.inputs).tolist() == found(found.problem.inputs).tolist()
    assert checked(back) == (found.certificate.lower, found.certificate.upper)


def test_altered_files_are_refused_and_load_tells_one_kind_from_the_other(tmp_path):
    file = tmp_path / "found.npz"
    save(file, min_norm_network([[0.0], [1.0], [2.0]], [0.0, 1.0, 0.0]))
    assert type(load(file)) is CertifiedNetwork
    with np.load(file) as data:
        arrays = dict(data)
    arrays["inputs"] = arrays["inputs"].astype(object)
    np.savez(file, **arrays)
    with pytest.raises(ValueError, match="does not hold a denoiser or a network"):
        load(file)
    with pytest.raises(ValueError, match=r"ends in \.npz"):
        save(tmp_path / "found.npy", min_norm_network([[0.0], [1.0], [2.0]], [0.0, 1.0, 0.0]))
    save(file, min_norm_denoiser([[0.0], [1.0]], 0.1))
    assert type(load(file)) is CertifiedDenoiser
