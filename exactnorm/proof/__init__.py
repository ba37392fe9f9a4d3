"""Proofs: a bracket as a theorem about the given floats, in a file that anyone can check.

The room is named for what it reads, `proof.json`: rational numbers lower ≤ optimum ≤ upper, and all that it takes to
see that they are right. What stands here verifies such files with python-flint and NumPy alone: no solver, and no other
room of the package, is needed. `exactnorm.prover` writes them.
"""
