"""Other computers that can render."""
