"""Denoisers that are sums of ramps, of any number of points."""
