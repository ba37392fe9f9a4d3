"""What `rigorous()` of a denoiser or a network asks: the prover, loaded when it is asked.

The prover asks solvers, and what a bracket rests on is to know none: this import is the one exception in the contracts.
Nothing that states or checks a bracket goes through it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from exactnorm.prover.record import Proving as Proving
    from exactnorm.prover.record import Rigorous as Rigorous


def proved(found: Any, **arguments: Any) -> Rigorous:
    """`exactnorm.prover.rigorous`; ``ImportError`` that names the extra where python-flint is missing."""
    from exactnorm.prover import rigorous

    return rigorous(found, **arguments)
