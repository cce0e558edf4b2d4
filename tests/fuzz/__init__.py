"""Input that was damaged at random: every reader refuses it with an error of its own, and soon."""
