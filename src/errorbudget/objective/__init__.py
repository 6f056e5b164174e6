"""What we promised: the objective document, its criteria and indicators, and who must sign it."""
