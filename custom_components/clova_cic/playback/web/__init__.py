"""Sound and pictures of the web: fetched with care, served to players by Home Assistant."""
