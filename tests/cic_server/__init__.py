"""Tests of the local CIC service."""
