"""The loop on noise balls: kinks, cells and dual matrices that close the bracket."""
