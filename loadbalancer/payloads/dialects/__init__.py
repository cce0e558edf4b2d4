"""What agents of each release print, read and written: one module a format, data per release."""
