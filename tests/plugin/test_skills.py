"""The plugin: its files are as published validators want them, its steps run as they stand."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from skills_ref.validator import validate

from a_shop import copied
from consoles import ROOT, commands, run, said
from errorbudget.cli.main import COMMANDS

PLUGIN = ROOT / "plugin"
SKILLS = sorted(PLUGIN.glob("skills/*/SKILL.md"))
HELD_UP = {3, 4}
"""Exit codes of the gate that are answers."""


def test_the_four_skills_are_there():
    assert [one.parent.name for one in SKILLS] == ["burn-rate", "objective", "policy", "postmortem"]


@pytest.mark.parametrize("skill", SKILLS, ids=lambda path: path.parent.name)
def test_a_skill_is_valid_by_the_reference_of_the_format(skill: Path):
    assert validate(skill.parent) == []


def test_manifest_hooks_and_servers_are_valid_by_a_validator_of_the_formats():
    agnix = Path(sys.executable).with_name("agnix")
    told = subprocess.run(
        [agnix, PLUGIN, "--target", "claude-code", "--strict"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert told.returncode == 0, told.stdout


def test_the_manifest_and_the_package_have_one_version():
    from importlib.metadata import version

    manifest = json.loads((PLUGIN / ".claude-plugin" / "plugin.json").read_text())
    assert manifest["version"] == version("errorbudget")


def test_the_hook_and_the_server_start_commands_that_there_are():
    hooks = json.loads((PLUGIN / "hooks" / "hooks.json").read_text())["hooks"]
    (before,) = hooks["PreToolUse"]
    servers = json.loads((PLUGIN / ".mcp.json").read_text())["mcpServers"]

    assert before["matcher"] == "Bash"
    assert [one["command"] for one in before["hooks"]] == ["errorbudget gate hook"]
    assert servers == {"errorbudget": {"command": "errorbudget", "args": ["mcp"]}}
    assert "mcp" in COMMANDS


def test_a_skill_never_has_an_assistant_do_what_is_a_persons():
    for skill in SKILLS:
        for command in commands(skill):
            words = command.line.split()
            assert not {"approve", "decline", "sign", "correct", "apply", "--key"} & set(words), (
                command.place
            )


@pytest.mark.parametrize("skill", SKILLS, ids=lambda path: path.parent.name)
def test_the_steps_of_a_skill_run_against_the_shop(
    skill: Path, shop_home: Path, tmp_path: Path, programs: Path
):
    home = copied(shop_home, tmp_path / "home")
    folder = tmp_path / "work"
    folder.mkdir()
    _a_repository(folder)
    steps = list(commands(skill))
    codes = run(steps, folder, programs, ERRORBUDGET_HOME=str(home))

    for number, step in enumerate(steps):
        allowed = HELD_UP | {0, 5} if " gate " in step.line else {0}
        assert codes[step.place] in allowed, f"{step.place}: {said(folder, number)}"
    assert re.search(r"checkout", "".join(said(folder, n) for n in range(len(steps))))


def _a_repository(folder: Path) -> None:
    """One commit on another, and a command that deploys."""
    deploy = folder / "deploy.sh"
    deploy.write_text("#!/bin/sh\necho deployed\n")
    deploy.chmod(0o755)
    git = ["git", "-C", str(folder), "-c", "user.name=ana", "-c", "user.email=ana@shop.example"]
    subprocess.run(["git", "init", "-q", folder], check=True)
    for text in ("one", "two"):
        (folder / "faq.md").write_text(text)
        subprocess.run([*git, "add", "faq.md"], check=True)
        subprocess.run([*git, "commit", "-qm", text], check=True)
