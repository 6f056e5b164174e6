"""Documents of other tools: theirs into ours, ours into theirs; text in, text out."""
