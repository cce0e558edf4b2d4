"""Where services are kept."""
