"""Dumps of every release, read and written: one module a format, and data by release."""
