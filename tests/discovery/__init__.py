"""A server and a Home Assistant on a network of their own, which find each other."""
