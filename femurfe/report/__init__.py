"""One page from a folder of results: it holds all it shows, and works without a network."""
