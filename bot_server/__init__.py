"""A bot on one machine, reached over Direct Line 1.1 and 3.0 as a bot in the cloud is; a peer for tests and demonstrations."""
