"""Minimum-norm denoisers in closed form: one function per theorem's geometry, (points, rho) -> ReLUNetwork."""

from exactnorm.closed_form.collinear import collinear, univariate
from exactnorm.closed_form.rays import obtuse_simplex, orthogonal, rays

__all__ = ["collinear", "obtuse_simplex", "orthogonal", "rays", "univariate"]
