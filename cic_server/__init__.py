"""A CIC service for one machine: the embedded default peer, and the peer in tests."""
