"""This device as CIC sees it: what it can do, what it is told to do, where it is."""
