"""QtCore only: what the window observes and commands."""
