"""Between the deploy command and the deploy: questions, decisions, approvals."""
