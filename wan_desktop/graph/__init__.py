"""ComfyUI graphs and requests."""
