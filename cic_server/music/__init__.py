"""Music of the service's own making: tunes, where they lie, and what a client's audio player does with them."""
