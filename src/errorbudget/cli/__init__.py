"""The command line: a thin door onto the Program. Modules here import nothing heavy at the top."""
