"""Each check of a statement on flows fails when what it computes is damaged."""

import numpy as np
import pytest

from exactnorm import ReLUNetwork
from exactnorm.flow import Schedule, cosine
from exactnorm.theorems import STATEMENTS
from exactnorm.theorems.flows import facts as flow_facts
from exactnorm.theorems.zeno2025 import probability_flow as b_probability_flow
from exactnorm.theorems.zeno2025 import score_flow as b_score_flow
from exactnorm.theorems.zeno2025 import simplices as b_simplices


def leaking(form):
    """The closed form plus a hundredth of the input: no longer constant on the balls or across the data."""

    def build(*arguments):
        h = form(*arguments)
        return ReLUNetwork(h.a, h.w, h.b, 0.01 * np.eye(h.dimension), h.c)

    return build


@pytest.mark.parametrize(
    ("module", "form", "names"),
    [
        (b_score_flow, "orthogonal", ["B-4.3", "B-4.3-box", "B-4.3-slide"]),
        (b_probability_flow, "orthogonal", ["B-4.4", "B-4.4-tau"]),
        (b_simplices, "obtuse_simplex", ["B-App.B"]),
        (b_simplices, "equilateral_triangle", ["B-App.C"]),
        (flow_facts, "rays", ["endpoint-is-one-denoising-step"]),
        (flow_facts, "orthogonal", ["orthogonal-component-decays"]),
    ],
)
def test_a_leaking_denoiser_fails(module, form, names, monkeypatch):
    monkeypatch.setattr(module, form, leaking(getattr(module, form)))
    for name in names:
        assert not STATEMENTS[name]().holds, name


def test_a_large_radius_comes_near_the_edge_no_sooner_than_claimed_fails(monkeypatch):
    form = b_simplices.equilateral_triangle
    monkeypatch.setattr(b_simplices, "equilateral_triangle", lambda points, rho: form(points, 10 * rho))
    assert not STATEMENTS["B-App.C-edge"]().holds


def test_a_schedule_whose_scale_is_another_ones_still_agrees_but_a_wrong_noise_level_does_not(monkeypatch):
    right = cosine()
    monkeypatch.setattr(flow_facts, "cosine", lambda: Schedule("x", right.sigma, lambda t: 1 / (1 + t), right.last))
    assert STATEMENTS["schedules-agree"]().holds  # any scale will do: it cancels
    monkeypatch.setattr(flow_facts, "obtuse_simplex", leaking(flow_facts.obtuse_simplex))
    assert STATEMENTS["schedules-agree"]().holds  # and so will any denoiser

    class Late(Schedule):
        def time(self, sigma):
            return super().time(1.01 * sigma)

    monkeypatch.setattr(flow_facts, "cosine", lambda: Late("x", right.sigma, right.scale, right.last))
    assert not STATEMENTS["schedules-agree"]().holds
