"""Statements of Zeno et al., ICML 2025 (arXiv:2506.19031): rest points, and where flows end."""
