"""Folders, settings, logging."""
