"""From a certified denoiser to a proof: what a solver found in floating point, made into rational numbers that hold."""

from importlib.util import find_spec

if find_spec("flint") is None:
    msg = "proofs are made with python-flint: pip install 'exactnorm[rigorous]'"
    raise ImportError(msg)

from exactnorm.prover.record import Rigorous
from exactnorm.prover.rigorous import rigorous, save_proof

__all__ = ["Rigorous", "rigorous", "save_proof"]
