"""The composition root of the host: wires the concrete classes, for the window and for the command line."""
