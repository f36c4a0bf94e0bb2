"""How sound reaches a media player."""
