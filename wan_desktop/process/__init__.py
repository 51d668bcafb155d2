"""The parent's side of the render process, and the host's socket."""
