"""The bot itself: what it says to what. It knows activities, not how they come and go."""
