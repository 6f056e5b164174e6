"""What do commands work on? An open home, or the server that owns it; the same answers from both.

A file a capability: `AtHome` asks the Program, `OnServer` asks over HTTP, with the same methods.
"""

from errorbudget.cli.door.door import Door, entered

__all__ = ["Door", "entered"]
