"""How the built-in demo model is made: a procedural world, the models, their training and their measurement."""
