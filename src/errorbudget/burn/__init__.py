"""How fast is the budget burning, and is it worth waking someone? Pure: counts in, alerts out."""
