"""JSON of unknown origin: what it is, what is wrong with it and where."""
