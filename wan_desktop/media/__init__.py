"""Pillow and PyAV, no torch: decoding users' pictures, reading clips."""
