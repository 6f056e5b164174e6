"""What we change: a quarter looked back at, and what it says about the next promise. Pure."""
