"""Every statement comes out as expected, and each can fail."""

import math
from dataclasses import replace

import pytest

import exactnorm.theorems as theorems
from exactnorm import ReLUNetwork
from exactnorm.closed_form import collinear, equilateral_triangle, obtuse_simplex, orthogonal, rays, univariate
from exactnorm.theorems import STATEMENTS
from exactnorm.theorems.acute import orthocentre as acute_orthocentre
from exactnorm.theorems.equilateral import rest_points as equilateral_rest_points
from exactnorm.theorems.zeno2023 import equilateral as a_equilateral
from exactnorm.theorems.zeno2023 import obtuse as a_obtuse
from exactnorm.theorems.zeno2023 import orthogonal as a_orthogonal
from exactnorm.theorems.zeno2023 import rays as a_rays
from exactnorm.theorems.zeno2023 import samples as a_samples
from exactnorm.theorems.zeno2023 import subspace as a_subspace
from exactnorm.theorems.zeno2023 import univariate as a_univariate
from exactnorm.theorems.zeno2025 import obtuse_rest_points, orthogonal_rest_points


@pytest.mark.parametrize("name", list(STATEMENTS))
def test_the_statement_comes_out_as_expected(name):
    check = STATEMENTS[name]()
    assert check.name == name
    assert check.as_expected, check
    assert math.isfinite(check.claimed)
    assert math.isfinite(check.computed)


def wider(form):
    """The closed form for balls a percent larger: it still fits them, at a cost that is not the least."""
    return lambda points, rho: form(points, 1.01 * rho)


def shifted(form):
    """The closed form with its first kink moved by a thousandth: same cost, but some ball is missed."""

    def build(points, *rest):
        h = form(points, *rest)
        return ReLUNetwork(h.a, h.w, h.b + 1e-3 * (h.b == h.b[0]), h.V, h.c)

    return build


@pytest.mark.parametrize("damage", [wider, shifted])
@pytest.mark.parametrize(
    ("module", "form"),
    [
        (a_univariate, univariate),
        (a_rays, rays),
        (a_orthogonal, orthogonal),
        (a_obtuse, obtuse_simplex),
        (a_equilateral, equilateral_triangle),
        (a_subspace, collinear),
    ],
)
def test_a_damaged_closed_form_turns_its_check_red(module, form, damage, monkeypatch):
    # The program is not what is damaged: stand in for it with what it finds, the true cost.
    where = theorems.roads if module is not a_subspace else a_subspace
    bracket = (lambda points, rho: (form(points, rho).representation_cost,) * 2) if module is not a_subspace else None
    if bracket is not None:
        monkeypatch.setattr(where, "program_bracket", bracket)
        assert module.check().holds
    monkeypatch.setattr(module, form.__name__, damage(form))
    assert not module.check().holds


def test_damaged_samples_turn_their_check_red(monkeypatch):
    monkeypatch.setattr(a_samples, "univariate_samples", shifted(a_samples.univariate_samples))
    assert not a_samples.check().holds


def test_rest_points_of_damaged_denoisers_turn_their_checks_red(monkeypatch):
    def flat(form):
        # Balls so large that hardly a gap is left would be refused; a tenth of the output is enough to be wrong.
        return lambda points, rho: replace(form(points, rho), a=0.9 * form(points, rho).a)

    monkeypatch.setattr(orthogonal_rest_points, "orthogonal", flat(orthogonal))
    monkeypatch.setattr(obtuse_rest_points, "obtuse_simplex", flat(obtuse_simplex))
    monkeypatch.setattr(equilateral_rest_points, "equilateral_triangle", flat(equilateral_triangle))
    assert not orthogonal_rest_points.stable().holds
    assert not obtuse_rest_points.sums().holds
    assert not equilateral_rest_points.stable().holds
    assert not equilateral_rest_points.rate().holds


def test_the_orthocentre_claim_fails_by_the_margin_known_from_elsewhere():
    check = acute_orthocentre.check()
    assert check.claimed == pytest.approx(8.041318, rel=1e-6)
    assert check.lower <= 7.9964742
    assert check.upper >= 7.9964740
    assert check.upper - check.lower < 1e-3


def test_a_true_orthocentre_claim_would_be_noticed(monkeypatch):
    # With the program's own cost as the claim the check holds, which is not what is expected of it.
    check = acute_orthocentre.check()
    monkeypatch.setattr(acute_orthocentre, "formula_cost", lambda *_: check.upper)
    monkeypatch.setattr(acute_orthocentre, "plane_bracket", lambda *_: (check.upper, check.upper))
    assert not acute_orthocentre.check().as_expected
