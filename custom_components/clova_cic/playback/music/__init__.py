"""The audio player that CIC controls: its queue, its phases, what CIC hears of it."""
