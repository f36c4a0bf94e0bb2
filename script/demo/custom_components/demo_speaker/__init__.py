"""A speaker without a loudspeaker, for the demonstration only."""
