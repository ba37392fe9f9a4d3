"""Points in a row with one beside it, and what a check says of a network of theirs at ρ = 0."""

import numpy as np

from exactnorm import check_certificate
from exactnorm.certify import Certificate, Nothing

IN_A_ROW = np.array([[0.3, 1.0], [0, 0], [1, 0], [2, 0], [1.6, -1.2]])


def supported(network, train):
    """The upper value that is recomputed, of a network alone."""
    return check_certificate(Certificate(0.0, np.inf, 1e-6, Nothing()), train, network)[1]
