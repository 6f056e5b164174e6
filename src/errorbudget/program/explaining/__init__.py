"""What is known of one burn, put together."""
