"""The left column: what to render."""
