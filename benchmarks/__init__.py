"""Measurements with committed results; `python -m benchmarks.numbers` takes them all."""
