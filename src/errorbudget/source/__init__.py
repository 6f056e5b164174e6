"""Where requests are read from."""
