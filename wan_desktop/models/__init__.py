"""Which models exist, where they lie, whether they are whole."""
