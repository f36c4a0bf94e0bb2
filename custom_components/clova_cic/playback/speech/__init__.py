"""Speech: an answer's sounds as one stream, and what is announced on an output."""
