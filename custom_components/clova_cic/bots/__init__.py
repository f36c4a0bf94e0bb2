"""Bots behind Direct Line: an entry of its own kind, with entities of its own."""
