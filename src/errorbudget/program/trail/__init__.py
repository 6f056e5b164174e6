"""The audit trail read, checked, and held against what really shipped."""
