"""An attack on the checker: saved certificates, altered in every field and every way, held against the true problem.

A mutant wins if it is supported although it states more than the truth allows, if anything but the declared errors is
raised, or if it takes long or much memory. The truth is a closed form, or the bracket of the unaltered certificate.
"""
