"""What was learned: what an incident cost, what remains, and the document that says so (pure)."""
