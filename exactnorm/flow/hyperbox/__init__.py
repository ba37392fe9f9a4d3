"""Data on orthogonal lines: the hyperbox that they span, and flows in closed form."""
