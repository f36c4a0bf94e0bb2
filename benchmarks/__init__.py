"""What the library costs, side by side with others doing the same."""
