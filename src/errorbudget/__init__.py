"""An error budget program that runs itself."""
