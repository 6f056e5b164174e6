"""What do answers look like, for the OpenAPI document? The program's own values are sent."""
