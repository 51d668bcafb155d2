"""ComfyUI workflows in API format: read into a draft, and written from a request. The standard library only."""
