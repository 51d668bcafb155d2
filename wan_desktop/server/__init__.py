"""The ComfyUI-compatible HTTP API."""
