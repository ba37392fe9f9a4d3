"""Statements of Zeno et al., NeurIPS 2023 (arXiv:2311.06748): denoisers in closed form."""
