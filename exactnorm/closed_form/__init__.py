"""Minimum-norm denoisers in closed form: one function per theorem's geometry, (points, rho) -> ReLUNetwork."""

from exactnorm.closed_form.bounds import CostBounds, along_line, bounds
from exactnorm.closed_form.collinear import collinear, univariate
from exactnorm.closed_form.one_versus_rest import one_versus_rest
from exactnorm.closed_form.rays import obtuse_simplex, orthogonal, rays
from exactnorm.closed_form.recognise import Recognition, recognise
from exactnorm.closed_form.samples import univariate_samples
from exactnorm.closed_form.simplex import regular_simplex
from exactnorm.closed_form.simplex_contact import regular_simplex_near_contact
from exactnorm.closed_form.triangles import equilateral_triangle, orthocentre

__all__ = [
    "CostBounds",
    "Recognition",
    "along_line",
    "bounds",
    "collinear",
    "equilateral_triangle",
    "obtuse_simplex",
    "one_versus_rest",
    "orthocentre",
    "orthogonal",
    "rays",
    "recognise",
    "regular_simplex",
    "regular_simplex_near_contact",
    "univariate",
    "univariate_samples",
]
