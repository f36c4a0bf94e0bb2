"""Sound as bytes: MP3 frames, and what is read ahead of whoever plays it."""
