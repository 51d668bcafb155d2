"""Frames to files, one format per file."""
