"""Direct Line: the library against servers that say what a test has them say."""
