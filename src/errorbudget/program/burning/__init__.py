"""How fast every budget burns, and what the alert rules find."""
