"""What a user did wrong."""


class BadInput(ValueError):
    """A user's mistake: one sentence, exit status 2."""
