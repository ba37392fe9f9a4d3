"""Saved paths made to lie: levels exchanged, one's bracket or network in another, radii and points changed."""

import json
import os
import shutil
from functools import partial

import numpy as np
import pytest

import exactnorm
from exactnorm import TrainingSet, min_norm_denoiser

ACUTE = [[0, 0], [1, 0], [0.4, 0.9]]
RADII = [0.05, 0.1, 0.2]
BRACKET, NETWORK = ("lower", "upper"), ("a", "w", "b", "c")


@pytest.fixture(scope="module")
def honest(tmp_path_factory):
    """The directory of a path whose levels are solved, by cells."""
    directory = tmp_path_factory.mktemp("paths") / "honest"
    exactnorm.save(directory, exactnorm.DenoiserPath(ACUTE, RADII))
    return directory


def level(directory, n):
    return directory / f"level{n:04d}.npz"


def arrays(file):
    with np.load(file) as data:
        return dict(data)


def rewritten(directory, n, **changes):
    own = arrays(level(directory, n))
    np.savez(level(directory, n), **own | {name: change(own[name]) for name, change in changes.items()})


def taken_from(directory, n, other, names):
    """Arrays of another level in level n: of these names, or all that make up a certificate."""
    own, given = arrays(level(directory, n)), arrays(level(directory, other))
    if names is None:
        names = set(own) | set(given)
        names -= {"what", "format", "status", "points", "rho", *NETWORK}
    kept = {name: array for name, array in own.items() if name not in names}
    np.savez(level(directory, n), **kept | {name: given[name] for name in names if name in given})


def exchanged(directory):
    spare = directory / "spare"
    for one, other in ((level(directory, 0), spare), (level(directory, 1), level(directory, 0))):
        os.rename(one, other)
    os.rename(spare, level(directory, 1))


def of_samples(directory):
    train = TrainingSet.from_samples(ACUTE, [np.array([x]) for x in ACUTE])
    exactnorm.save(level(directory, 1), min_norm_denoiser(train))


def instead_of(file, make):
    file.unlink()
    make(file)


REFUTED = {
    "the certificate of a larger radius": partial(taken_from, n=0, other=1, names=None),
    "the certificate of a smaller radius": partial(taken_from, n=1, other=0, names=None),
    "the lower bound of a larger radius": partial(taken_from, n=0, other=1, names=("lower",)),
    "the bracket of a larger radius": partial(taken_from, n=0, other=1, names=BRACKET),
    "the bracket of a smaller radius": partial(taken_from, n=1, other=0, names=BRACKET),
    "the network of a smaller radius": partial(taken_from, n=1, other=0, names=NETWORK),
    "the network of a larger radius": partial(taken_from, n=0, other=1, names=NETWORK),
    "a network and its cost": partial(taken_from, n=1, other=0, names=(*NETWORK, "upper")),
    "a bracket that is a little higher": partial(
        rewritten, n=1, lower=lambda bound: bound * 1.001, upper=lambda bound: bound * 1.001
    ),
    "a smaller radius for the same claim": partial(rewritten, n=1, rho=lambda rho: rho * 0.99),
    "a larger radius for the same claim": partial(rewritten, n=1, rho=lambda rho: rho * 1.01),
}
UNREADABLE = {
    "levels in another order": exchanged,
    "a level twice": lambda directory: shutil.copy(level(directory, 0), level(directory, 1)),
    "points moved in one level": partial(rewritten, n=1, points=lambda X: X + 1e-9),
    "points of another size in one level": lambda directory: exactnorm.save(
        level(directory, 1), min_norm_denoiser(2 * np.array(ACUTE), 0.1)
    ),
    "points in another order in one level": partial(rewritten, n=1, points=lambda X: X[[0, 2, 1]]),
    "a radius of 0": partial(rewritten, n=0, rho=lambda rho: 0 * rho),
    "a radius that is no number": partial(rewritten, n=0, rho=lambda rho: np.nan * rho),
    "samples": of_samples,
    "a network alone": lambda directory: exactnorm.save(
        level(directory, 1), exactnorm.load(level(directory, 1)).network
    ),
    "the widest level left out": lambda directory: (directory / "path.json").write_text(
        json.dumps({"levels": 2, "tol": 1e-6})
    ),
    "more levels than there are": lambda directory: (directory / "path.json").write_text(
        json.dumps({"levels": 10**30, "tol": 1e-6})
    ),
    "a tolerance that is a truth": lambda directory: (directory / "path.json").write_text('{"levels": 3, "tol": true}'),
    "a pipe that nobody writes to": lambda directory: instead_of(directory / "path.json", os.mkfifo),
    "a directory for a head": lambda directory: instead_of(directory / "path.json", os.mkdir),
    "a pipe for a level": lambda directory: instead_of(level(directory, 1), os.mkfifo),
}


def test_the_path_they_are_made_from_is_supported(run, folder, honest):
    shutil.copytree(honest, folder / "path")
    status, out, err = run("check", "path")
    assert (status, err) == (0, "")
    assert "noise balls of 3 radii" in out


@pytest.mark.parametrize("name", REFUTED)
def test_a_level_that_claims_what_another_may_is_refuted(run, folder, honest, name):
    shutil.copytree(honest, folder / "path")
    REFUTED[name](folder / "path")
    status, out, err = run("check", "path")
    assert (status, out) == (1, "")
    assert "refuted: rho=" in err


@pytest.mark.parametrize("name", UNREADABLE)
def test_levels_that_are_not_those_of_one_path_are_not_read(run, folder, honest, name):
    shutil.copytree(honest, folder / "path")
    UNREADABLE[name](folder / "path")
    status, out, err = run("check", "path")
    assert (status, out) == (2, "")
    assert err.startswith("exactnorm check: ")
    assert "Traceback" not in err
