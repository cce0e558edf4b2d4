"""Checks of input of unknown origin: what kind it is, and all that is wrong with it."""
