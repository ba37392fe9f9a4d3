"""From a certified denoiser to a proof: what a solver found in floating point, made into rational numbers that hold."""

from exactnorm.prover.rigorous import Rigorous, rigorous, save_proof

__all__ = ["Rigorous", "rigorous", "save_proof"]
