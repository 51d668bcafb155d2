"""Frozen dataclasses and rules; the standard library only."""
