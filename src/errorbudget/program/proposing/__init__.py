"""What a service could promise, and what a document would have done."""
