"""Wan Desktop: a sentence or a picture becomes a video, on your own computer."""

__version__ = "0.1.0"
