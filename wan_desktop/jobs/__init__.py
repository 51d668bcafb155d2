"""Use cases in plain Python: the host, its queue and its runner."""
