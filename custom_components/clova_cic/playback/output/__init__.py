"""A media player of Home Assistant as an output: what it is told, and what it is believed."""
