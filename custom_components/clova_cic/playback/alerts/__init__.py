"""How an alert rings on a media player, and what it sounds like."""
