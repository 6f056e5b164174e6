"""What we spent: tallies, the windows they are summed over, and the budget that leaves."""
