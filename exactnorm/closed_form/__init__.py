"""One module per theorem's geometry: points -> ReLUNetwork."""
