"""The ComfyUI-compatible HTTP and WebSocket API. No Qt, no torch."""
