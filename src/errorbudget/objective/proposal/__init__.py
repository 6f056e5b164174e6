"""What could a service promise? Targets and criteria that its own history bears out (pure)."""
