"""Regular simplices whose balls nearly fill the height: the least cost where one-versus-rest is not minimal any more.

Symmetry leaves two numbers of the dual matrices of N corners R u_n around their centre,
    B_n = [p u_n u_nᵀ − s (I − u_n u_nᵀ) | λ u_n],  p = (N − 2) s, as they add up to 0,
and their lower bound is N λ R/κ. Where no hyperplane that misses the balls has two corners on either side, κ is the
largest norm over kinks that cut one corner off. At a tilt θ of the normal from u_n, b has the least value ρ − R cos θ
and, tilted away from a corner, where there is most room, the largest one, −ρ + R cos θ/(N − 1) − q sin θ, q being the
inradius of the opposite face. The two meet where m cos θ − q sin θ = 2ρ, m the height: no kink is tilted more.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MARGIN = 1e-9
"""By how much the inequalities are to hold: far more than the rounding of their few operations."""


@dataclass(frozen=True)
class Contact:
    """The dual matrices near contact, of a simplex whose height is 1.

    Parameters
    ----------
    count : int
        N.
    rho : float
    slope : float
        λ; the least cost is N λ R.
    spread : float
        s.
    cosine, sine : float
        Of the largest tilt.
    """

    count: int
    rho: float
    slope: float
    spread: float
    cosine: float
    sine: float

    @property
    def radius(self) -> float:
        """The circumradius R."""
        return (self.count - 1) / self.count

    @property
    def facing(self) -> float:
        """The offset b, seen from the centre, of a kink that touches the balls of a face, parallel to it."""
        return 1 / self.count - self.rho

    @property
    def tilted(self) -> float:
        """The same of a kink with the largest tilt, which touches all balls but one."""
        return self.rho - self.radius * self.cosine

    @property
    def along(self) -> float:
        """u_n·B_n z of such a kink; its other part is −s sin θ."""
        return self.slope * self.tilted + (self.count - 2) * self.spread * self.cosine


def only_corners(count: int, share: float) -> bool:
    """Whether every hyperplane that misses all balls has one corner at most on one side, at ρ = `share` · height.

    Hulls of k and of N − k corners are at a distance of √(1/k + 1/(N − k)) in units of that of the corners, over √2:
    2 and N − 2 are the farthest of those.
    """
    return count == 3 or 2 * share >= np.sqrt((count - 1) / (2 * (count - 2))) * (1 + MARGIN)


def near_contact(count: int, share: float) -> Contact:
    """The dual matrices at ρ = `share` · height, with κ = 1.

    λ and s make the norm 1 on kinks that touch a face in parallel and on those of the largest tilt. κ is 1 then:

    * Let E be u_n·B_n z. On kinks that touch the corner's ball the squared norm is quadratic in cos θ, convex if
      |λ R − p| ≥ s, 1 at the largest tilt; at θ = 0 it is λ (m − 2ρ) − 1, squared, at most 1 if λ ≤ 2/(m − 2ρ).
    * On those that touch others E = K cos θ − λ q sin θ − λ ρ with K = 1 + λ ρ falls from 1, and the norm is at most 1
      iff s² ≤ (1 + E) (1 − E)/sin² θ, with equality at the largest tilt. The first factor falls; the second is
      K/(1 + cos θ) + λ q/sin θ, and falls as long as K sin³ θ ≤ λ q cos θ (1 + cos θ)². That is so everywhere if it is
      at the largest tilt.

    Raises
    ------
    ValueError
        If some of this does not hold.
    """
    if not 0 < share < 0.5 or not only_corners(count, share):
        msg = f"some kinks have two corners or more on either side at a radius of {share:.6g} of the height"
        raise ValueError(msg)
    radius, q = (count - 1) / count, inradius_of_face(count)
    gap, others = 1 - 2 * share, 1.0 / (count - 2)
    half = gap / (q + np.sqrt(q**2 + gap * (1 + 2 * share)))  # tan θ/2
    cosine, sine, less = (1 - half**2) / (1 + half**2), 2 * half / (1 + half**2), 2 * half**2 / (1 + half**2)
    facing, h = 1 / count - share, gap - (1 - share) * less
    # (c − λ h)² + w² (1 − λ e)² = 1 with w = sin θ/(N − 2), e = `facing`.
    w2 = (sine * others) ** 2
    square, middle = h**2 + w2 * facing**2, cosine * h + w2 * facing
    slope = (middle + np.sqrt(middle**2 + square * sine**2 * (1 - others**2))) / square
    spread = (1 - slope * facing) * others
    bend = abs(slope * radius - (count - 2) * spread) - abs(spread)
    falls = slope * q * cosine * (1 + cosine) ** 2 - (1 + slope * share) * sine**3
    if not (slope * gap <= 2 and bend >= MARGIN and falls >= MARGIN):
        msg = f"the dual matrices near contact are too large at a radius of {share:.6g} of the height"
        raise ValueError(msg)
    return Contact(count, share, float(slope), float(spread), float(cosine), float(sine))


def inradius_of_face(count: int) -> float:
    """Of the face opposite to a corner, in units of the height."""
    return float(1 / np.sqrt(count * (count - 2)))
