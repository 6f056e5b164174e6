"""Targets as they are configured: three forms, where secrets are kept, what is never shown."""

from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from errorbudget.errors import Failure
from errorbudget.notify.targets import Addresses, Target, open_targets
from notify.receiving import Receiver
from notify.telling import NOW, a_message

# Apprise looks whether this Python still has the module.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")

TARGETS = TypeAdapter(dict[str, Target])
SECRET = "s3cret " * 5


def opened(configured: object, folder: Path = Path()) -> Addresses:
    targets = TARGETS.validate_python(configured)
    return open_targets(targets, source="errorbudget", folder=folder)


def test_each_form_is_read_and_each_apprise_url_is_an_address_of_its_own():
    addresses = opened(
        {
            "cluster": {"alertmanager": ["http://a:9093", "http://b:9093"]},
            "oncall": {"apprise": ["json://a", "json://b", "json://c"]},
            "mail": {"apprise": "json://d"},
            "automation": {"webhook": "https://hooks.example/x", "secret": SECRET},
        }
    )

    assert addresses.of(["oncall", "cluster", "oncall"]) == (
        "oncall",
        "oncall/2",
        "oncall/3",
        "cluster",
    )
    assert set(addresses.channels) == {"cluster", "oncall", "oncall/2", "oncall/3", "mail"} | {
        "automation"
    }
    addresses.close()


def test_a_name_nobody_gave_is_refused_with_those_that_are():
    with pytest.raises(Failure, match=r"no notification target is called x\n.*: a, b\."):
        opened({"a": {"apprise": "json://a"}, "b": {"apprise": "json://b"}}).of(["a", "x"])


def test_secrets_come_from_the_environment_or_a_file(
    receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HOOK_URL", f"{receiver.url}/from-env\n")
    (tmp_path / "hook").write_text(f"{SECRET}\n")
    addresses = opened({"x": {"webhook": "env:HOOK_URL", "secret": "file:hook"}}, tmp_path)
    addresses.channels["x"].send(a_message(), NOW)
    addresses.close()

    assert receiver.received[0].path == "/from-env"


@pytest.mark.parametrize(
    ("reference", "why"),
    [
        ("env:NOBODY_SET_THIS", "environment variable NOBODY_SET_THIS is empty or not set"),
        ("file:missing", "missing: cannot be read: No such file"),
        ("file:empty", "empty is empty or not set"),
        ("file:binary", "binary: is not text"),
    ],
)
def test_a_secret_that_is_not_there_is_named(reference: str, why: str, tmp_path: Path):
    (tmp_path / "empty").touch()
    (tmp_path / "binary").write_bytes(b"\xff\xfe")

    with pytest.raises(Failure, match=f"targets.x: .*{why}"):
        opened({"x": {"webhook": "https://x.example", "secret": reference}}, tmp_path)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        "json://a",
        {"apprise": "json://hunter2", "alertmanager": ["http://a"]},
        {"apprise": []},
        {"apprise": ""},
        {"alertmanager": ["a:9093/hunter2"]},
        {"webhook": "ftp://hunter2", "secret": SECRET},
        {"webhook": "https://hooks.example/hunter2"},
        {"webhook": "https://hooks.example/hunter2", "secret": SECRET, "sceret": "hunter2"},
    ],
)
def test_what_is_not_a_target_is_refused_without_repeating_it(wrong: object):
    with pytest.raises(ValidationError) as refusal:
        TARGETS.validate_python({"x": wrong})

    assert "hunter2" not in str(refusal.value)
    assert SECRET not in str(refusal.value)


@pytest.mark.parametrize("url", ["https://", "https://ex ample/hunter2", "http://[::1/hunter2"])
def test_an_address_without_a_host_is_refused_without_repeating_it(url: str):
    with pytest.raises(Failure, match=r"targets\.x: ") as refusal:
        opened({"x": {"webhook": url, "secret": SECRET}})

    assert "hunter2" not in str(refusal.value)


def test_nothing_that_is_secret_is_ever_shown():
    targets = TARGETS.validate_python(
        {
            "a": {"webhook": "https://hooks.example/hunter2", "secret": "hunter2"},
            "b": {"apprise": "slack://hunter2"},
            "c": {"alertmanager": ["http://ana:hunter2@a:9093"]},
        }
    )

    assert "hunter2" not in f"{targets} {targets!r} {TARGETS.dump_json(targets)}"
    with pytest.raises(Failure) as refusal:
        open_targets(targets, source="", folder=Path())
    assert "hunter2" not in str(refusal.value)
