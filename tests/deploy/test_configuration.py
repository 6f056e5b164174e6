"""The annotated configuration: what it shows, in use or in comments, the program reads."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from errorbudget.errors import Failure
from errorbudget.program.configuration import Configuration, read
from errorbudget.program.program import Program

EXAMPLE = Path(__file__).parents[2] / "deploy" / "errorbudget.yaml"
_SETTING = re.compile(r"# ([a-z_]+):(?= \{| *#|$)")


def examples() -> Iterator[str]:
    """Each commented setting with its indented lines, uncommented."""
    lines = EXAMPLE.read_text("utf-8").splitlines()
    for number, line in enumerate(lines):
        if _SETTING.match(line):
            block = [line]
            for below in lines[number + 1 :]:
                if not below.startswith("#   "):
                    break
                block.append(below)
            yield "\n".join(one.removeprefix("# ") for one in block) + "\n"


def test_the_file_as_it_stands_is_the_defaults():
    assert read(EXAMPLE) == Configuration()


def test_the_settings_shown_in_comments_are_found():
    shown = {name for text in examples() for name in yaml.safe_load(text)}

    assert shown == {"tls", "sources", "redact", "targets", "github", "identity", "sign_in"}


@pytest.mark.parametrize("text", list(examples()))
def test_what_is_commented_out_is_read_as_it_is_written(text: str, tmp_path: Path):
    file = tmp_path / "errorbudget.yaml"
    file.write_text(text)
    (name,) = yaml.safe_load(text)

    assert getattr(read(file), name) != getattr(Configuration(), name)
    file.write_text(text.replace(f"{name}:", f"{name}s:", 1))
    with pytest.raises(Failure, match=f"{name}s"):
        read(file)


def test_what_the_warehouse_of_a_server_may_hold_is_set_and_has_a_least(tmp_path: Path):
    file = tmp_path / "errorbudget.yaml"
    file.write_text("memory: 192MiB\n")
    with Program.open(tmp_path / "home", create=True, configuration=read(file)) as program:
        held = program.warehouse.connection.execute("select current_setting('memory_limit')")
        assert held.fetchone() == ("192.0 MiB",)

    file.write_text("memory: 64MiB\n")
    with pytest.raises(Failure, match="64MiB cannot hold what is loaded at once; write 128MiB"):
        read(file)
