"""JSON text: values with their places, read in pieces."""
