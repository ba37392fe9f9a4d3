"""A bare network is saved and comes back; what is no such file, and calls the wrong way round, are told what to do."""

import numpy as np
import pytest

import exactnorm
from exactnorm import ReLUNetwork, closed_form, interpolation_error, min_norm_denoiser, min_norm_network, rest_points

POINTS = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]])


@pytest.fixture(scope="module")
def denoiser():
    return min_norm_denoiser(POINTS, 0.1)


@pytest.mark.parametrize("skip", [True, False])
@pytest.mark.parametrize(("d", "q", "K"), [(3, 3, 5), (2, 4, 1), (1, 1, 0)])
def test_a_network_without_a_certificate_comes_back_bit_for_bit(tmp_path, skip, d, q, K):
    rng = np.random.default_rng(0)
    a, w, b, c = (rng.standard_normal(shape) for shape in ((K, q), (K, d), K, q))
    network = ReLUNetwork(a, w, b, rng.standard_normal((q, d)) if skip else None, c)
    exactnorm.save(tmp_path / "trained.npz", network)
    back = exactnorm.load(tmp_path / "trained.npz")
    assert type(back) is ReLUNetwork
    for name in ("a", "w", "b", "c"):
        assert np.array_equal(getattr(back, name), getattr(network, name))
    assert (back.V is None) == (not skip)
    assert not skip or np.array_equal(back.V, network.V)


def test_a_file_whose_weights_do_not_fit_together_is_refused(tmp_path):
    from exactnorm.files import write
    from exactnorm.network_file import WEIGHTS, WHAT

    weights = {"a": np.ones((2, 1)), "w": np.ones((2, 1)), "b": np.ones(3), "c": np.ones(1)}
    write(tmp_path / "odd.npz", WHAT, WEIGHTS, weights)
    with pytest.raises(ValueError, match="does not hold a network that exactnorm saved: network shapes do not fit"):
        exactnorm.load(tmp_path / "odd.npz")


def test_a_bare_network_is_no_level_of_a_path(tmp_path, denoiser):
    exactnorm.save(tmp_path / "path", exactnorm.DenoiserPath(POINTS, [0.1], (denoiser,)))
    file = tmp_path / "path" / "level0000.npz"
    exactnorm.save(file, denoiser.network)
    with pytest.raises(ValueError, match="it holds a 'network'"):
        exactnorm.load(tmp_path / "path")
    assert type(exactnorm.load(file)) is ReLUNetwork


def written(kind, file):
    if kind == "csv":
        file.write_text("x,y\n0,0\n1,0\n")
    elif kind == "npy":
        with file.open("wb") as handle:
            np.save(handle, POINTS)
    elif kind == "foreign":
        np.savez(file, points=POINTS, rho=0.1)
    elif kind == "compressed":
        np.savez_compressed(file, points=POINTS)
    elif kind == "directory":
        file.mkdir()
    elif kind == "pickle":
        with file.open("wb") as handle:
            np.save(handle, np.array([{}], dtype=object), allow_pickle=True)
    else:
        file.write_bytes(b"")
    return file


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("csv", r"it is text; a table of points is read by numpy\.loadtxt"),
        ("npy", r"it is one array, as numpy\.save writes it; numpy\.load reads it"),
        ("pickle", "it is one array"),
        ("foreign", r"it is an archive of 'points, rho', which says not 'what' it is"),
        ("compressed", "it is an archive of 'points'"),
        ("directory", "it is a directory"),
        ("empty", "it does not end as an archive"),
    ],
)
@pytest.mark.parametrize("suffix", [".npz", ".csv", ".npy"])
def test_another_file_is_told_from_a_saved_one_whatever_its_name(tmp_path, kind, message, suffix):
    file = written(kind, tmp_path / f"given{'.npz' if kind in ('foreign', 'compressed') else suffix}")
    with pytest.raises(ValueError, match=message) as refused:
        exactnorm.load(file)
    assert "allow_pickle" not in str(refused.value)


def test_arguments_of_save_and_load_in_the_wrong_place_are_told_their_order(tmp_path, denoiser):
    name = str(tmp_path / "x.npz")
    with pytest.raises(TypeError, match=r"given as CertifiedDenoiser: give its name; it comes first: \('.*x\.npz'"):
        exactnorm.save(denoiser, name)
    with pytest.raises(TypeError, match=r"given as CertifiedDenoiser: give its name$"):
        exactnorm.load(denoiser)
    with pytest.raises(
        TypeError, match="what is saved is a ndarray; give what min_norm_denoiser or min_norm_network returns"
    ):
        exactnorm.save(name, POINTS)
    with pytest.raises(TypeError, match="it comes first"):
        exactnorm.save(min_norm_network([[0.0], [1.0]], [0.0, 1.0]), name)
    assert list(tmp_path.iterdir()) == []


def test_a_denoiser_is_taken_where_a_network_is_asked_and_a_path_is_told_to_be_loaded(denoiser):
    network = denoiser.network
    assert interpolation_error(denoiser, POINTS, 0.2) == interpolation_error(network, POINTS, 0.2) > 0.01
    found, expected = rest_points(denoiser, POINTS), rest_points(network, POINTS)
    assert [(p.kind, p.members) for p in found] == [(p.kind, p.members) for p in expected]
    for call in (lambda x: interpolation_error(x, POINTS, 0.1), rest_points):
        with pytest.raises(TypeError, match=r"'x\.npz' is no denoiser.*read by exactnorm\.load\(file\)"):
            call("x.npz")
        with pytest.raises(TypeError, match="is no denoiser"):
            call(POINTS)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tol": "1e-3"}, "tol='1e-3' is text; give the number without quotation marks"),
        ({"tol": None}, "tol=None is not a number"),
        ({"time_limit": "1"}, "time_limit='1' is text"),
        ({"solver": None}, "solver=None: give the name of one, such as 'CLARABEL'"),
        ({"near": "x.npz"}, "near: give a denoiser"),
        ({"near": closed_form.orthogonal(POINTS, 0.1)}, "near: give a denoiser"),
    ],
    ids=str,
)
def test_settings_of_the_wrong_type_are_named_in_one_sentence(options, message):
    acute = [[0.0, 0.0], [1.0, 0.0], [0.4, 0.9]]
    with pytest.raises(ValueError, match=message):
        min_norm_denoiser(acute, 0.1, **options)
    if "near" not in options:
        with pytest.raises(ValueError, match=message):
            min_norm_network(acute, acute, **options)


def test_text_for_a_radius_or_a_denoiser_for_points_is_refused(denoiser):
    with pytest.raises(ValueError, match=r"rho='0\.1' is text"):
        min_norm_denoiser(POINTS, "0.1")
    with pytest.raises(ValueError, match=r"points is a CertifiedDenoiser: its points are `\.train\.points`"):
        min_norm_denoiser(denoiser, 0.1)
    with pytest.raises(ValueError, match=r"its points are `\.train\.points`"):
        exactnorm.endpoints(exactnorm.score_flow(denoiser, [[0.3, 0.3]], np.inf), denoiser)


def test_half_precision_points_warn_that_their_distances_were_rounded():
    with pytest.warns(UserWarning, match="float16 keeps three digits: distances between these points"):
        half = min_norm_denoiser(POINTS.astype(np.float16), 0.1)
    assert np.array_equal(half.train.points, POINTS)


def test_images_where_points_are_expected_are_told_how_to_be_flattened_and_brought_back():
    network = ReLUNetwork(np.ones((1, 6)), np.ones((1, 6)), [0.0], None, np.zeros(6))
    pictures = np.zeros((4, 2, 3))
    for call in (network, lambda y: exactnorm.score_flow(network, y, 1.0)):
        with pytest.raises(
            ValueError, match=r"flatten these images by \.reshape\(4, -1\); \.reshape\(-1, 2, 3\) brings"
        ):
            call(pictures)
    with pytest.raises(ValueError, match=r"takes \(6,\) or \(m, 6\)$"):
        network(np.zeros((4, 5)))


def test_an_interpolation_error_takes_a_training_set_and_tells_arguments_in_the_wrong_place(denoiser):
    train, network = denoiser.train, denoiser.network
    expected = exactnorm.interpolation_error(network, train.points, train.rho)
    assert exactnorm.interpolation_error(network, train) == expected
    assert exactnorm.interpolation_error(denoiser) == expected
    for given in ((train, network), (train.points, denoiser), (train, denoiser)):
        with pytest.raises(TypeError, match="the network comes first: give interpolation_error"):
            exactnorm.interpolation_error(*given)
    for given in ((network, train.points), (network, train, 0.1), (network,), (denoiser, None, 0.1)):
        with pytest.raises(ValueError, match=r"give points and their radius, .* or a TrainingSet, which has one"):
            exactnorm.interpolation_error(*given)
