"""What the library costs, side by side with other ways to do the same."""
