"""Open questions: what is found is an observation."""
