"""The server: requests in over HTTP, every answer out as JSON, the budgets watched meanwhile."""
