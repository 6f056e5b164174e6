"""The program's own records: documents in force, tallies, changes and the audit trail."""
