"""The rules of agents up to 1.17: services handed to a service manager."""
