"""What `errorbudget mcp` costs those who never call it: nothing."""

import subprocess
import sys


def test_commands_do_not_load_the_protocol():
    code = (
        "import sys; from errorbudget.cli.main import application; application();"
        "sys.exit('mcp.server' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
