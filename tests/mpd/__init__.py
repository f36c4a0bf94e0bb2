"""Against Debian's mpd: a real player, whose sound is recorded."""
