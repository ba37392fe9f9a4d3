"""Cone programs, and the libraries that solve them."""
