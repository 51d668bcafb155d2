"""One file per panel of the window."""
