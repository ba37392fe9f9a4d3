"""Coverage-guided fuzzing of every reader: `python -m fuzz READER` with tests/ on the path and atheris installed."""
