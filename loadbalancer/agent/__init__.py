"""What an agent's service manager does: its rules, its settings and where it keeps services."""
