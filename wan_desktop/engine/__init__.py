"""torch and diffusers: turning a request into frames."""
