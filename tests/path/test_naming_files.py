"""Which files `ingest` takes, and what it says when one of several cannot be taken in."""

import os

ROW = '{"time":"2026-07-20T14:05:00Z","service":"web"}\n'


def test_what_was_stored_is_told_when_a_later_file_fails(run, written):
    good, bad = written("good.ndjson", ROW + "nonsense\n"), written("bad", "words\nand words\n")
    done = run("ingest", good, bad)

    assert done.code == 2
    assert "1 taken in before this failed: 2 read: 1 stored" in done.err
    assert "1 line set aside in" in done.err
    assert "bad: cannot tell its format" in done.err
    assert run("ingest", good, "--json").json["duplicates"] == 1


def test_a_folder_and_a_pipe_are_called_what_they_are(run, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    done = run("ingest", "pipe", "folder", "nothing")

    assert done.code == 2
    assert "pipe: is not a regular file" in done.err
    assert "folder: is a folder: name the files in it" in done.err
    assert "nothing: no such file" in done.err


def test_a_column_mapped_twice_is_refused(run, written):
    done = run("ingest", written("a.ndjson", ROW), "--map", "route=a", "--map", "route=b")

    assert done.code == 2
    assert "--map route: given more than once" in done.err
