"""Qt Widgets: the window. Talks to the Session, nothing else."""
