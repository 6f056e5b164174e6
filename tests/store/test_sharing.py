"""Several processes on one PostgreSQL: who may, who leads, and one chain."""

import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shutil import copy

import pytest
from sqlalchemy import bindparam, func, insert, select, text
from sqlalchemy.exc import DBAPIError

from databases import Databases
from errorbudget import clock
from errorbudget.errors import Failure, HomeBusy, Untrusted
from errorbudget.program.objectives.objectives import Objectives
from errorbudget.store.database import Database
from errorbudget.store.home import DATABASE, Home
from errorbudget.store.members import Deposed, Members
from errorbudget.store.prepared import Prepared
from errorbudget.store.revision import NEWEST
from errorbudget.store.schema import asker

WRITER = """
import sys
from pathlib import Path
from errorbudget import clock
from errorbudget.store.home import Home
with Home.open(Path(sys.argv[1]), create=True, store=sys.argv[2], replica=True) as home:
    print("joined", flush=True)
    sys.stdin.readline()
    for number in range(int(sys.argv[3])):
        home.trail.append("note", {"of": sys.argv[1], "number": number}, clock.now())
        print(number, flush=True)
"""

DOCUMENT = """\
apiVersion: errorbudget/v1
kind: ObjectiveDocument
service: shop
objectives:
  availability: {good: status < 500, target: 99%, window: {rolling: 28d}}
"""


@pytest.fixture
def shared(emptied: Callable[[], str]) -> str:
    """The address of a database without a row."""
    return emptied()


def replica(folder: Path, store: str) -> Home:
    return Home.open(folder, create=True, store=store, replica=True, wait=0)


def members(home: Home) -> Members:
    assert home.members is not None
    return home.members


def test_processes_that_write_at_once_make_one_chain_and_one_killed_leaves_it_whole(
    tmp_path: Path, shared: str
):
    with replica(tmp_path / "first", shared) as first:
        first.trail.append("note", {"of": "first"}, clock.now())
        homes = [tmp_path / f"writer{number}" for number in range(3)]
        for home in homes:
            home.mkdir()
            copy(first.path / "trail.key", home)
        writers = [
            subprocess.Popen(
                [sys.executable, "-c", WRITER, str(home), shared, "60"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for home in homes
        ]
        for writer in writers:
            assert writer.stdout is not None
            assert writer.stdin is not None
            assert writer.stdout.readline() == "joined\n"
        for writer in writers:
            writer.stdin.write("go\n")
            writer.stdin.flush()
        assert [writers[0].stdout.readline() for _ in range(20)]
        writers[0].kill()
        told = [writer.communicate()[0].split() for writer in writers]

        assert first.trail.verify().flaw is None
        kept = [entry.body.decode() for entry in first.trail.entries()]
    assert [len(one) for one in told[1:]] == [60, 60]
    for home, numbers in zip(homes, told, strict=True):
        written = sum(f'"of":"{home}"' in body.replace(" ", "") for body in kept)
        # Of the one that was killed, what it told is there: perhaps one more, never one less.
        assert written >= len(numbers) + (20 if home is homes[0] else 0)


def test_a_server_that_is_alone_keeps_others_out_and_replicas_let_replicas_in(
    tmp_path: Path, shared: str
):
    alone, one, two = (tmp_path / name for name in ("alone", "one", "two"))
    with (
        Home.open(alone, create=True, store=shared),
        pytest.raises(HomeBusy, match="held by a server that is alone"),
    ):
        replica(one, shared)

    with (
        replica(one, shared),
        replica(two, shared),
        pytest.raises(HomeBusy, match="held by others"),
    ):
        Home.open(alone, store=shared, wait=0)


def test_one_leads_and_another_when_its_session_is_gone(tmp_path: Path, shared: str):
    with replica(tmp_path / "one", shared) as one, replica(tmp_path / "two", shared) as two:
        terms = [members(home).leads() for home in (one, two, one)]
        assert [bool(term) for term in terms] == [True, False, True]
        assert terms[0] == terms[2]
        with one.database.writing() as connection:
            members(one).confirm(connection, terms[0])

        with two.database.writing() as connection:
            connection.execute(
                text("select pg_terminate_backend(:session, 9000)"),
                {"session": members(one)._leading.session},
            )
        assert members(two).leads()

        with pytest.raises(Deposed), one.database.writing() as connection:
            members(one).confirm(connection, terms[0])
        assert not members(one).is_leading
        assert not members(one).leads()
        members(two).leave()
        again = members(one).leads()
        assert again > terms[0]
        # It leads again, but what it read in its first term may be older than what another told.
        with pytest.raises(Deposed), one.database.writing() as connection:
            members(one).confirm(connection, terms[0])
        assert members(one).leads() == again
        with one.database.writing() as connection:
            members(one).confirm(connection, again)


def test_one_that_leads_asks_and_writes_from_several_threads(tmp_path: Path, shared: str):
    with replica(tmp_path / "one", shared) as one:
        term = members(one).leads()
        with ThreadPoolExecutor(4) as threads:
            terms = [threads.submit(members(one).leads) for _ in range(40)]
            with one.database.writing() as connection:
                members(one).confirm(connection, term)
        assert {each.result() for each in terms} == {term}


def test_one_whose_session_ended_leads_no_longer_even_where_nobody_took_over(
    tmp_path: Path, shared: str
):
    with replica(tmp_path / "one", shared) as one:
        assert members(one).leads()
        with one.database.writing() as connection:
            connection.execute(
                text("select pg_terminate_backend(:session, 9000)"),
                {"session": members(one)._leading.session},
            )

        # What it remembers may be older than what another told meanwhile: it begins again.
        assert [bool(members(one).leads()) for _ in range(2)] == [False, True]


def test_of_every_session_the_server_is_told_to_notice_that_its_machine_is_gone(shared: str):
    # A machine that is gone in the middle of a write keeps all others waiting until then.
    asked = text("select source from pg_settings where name = 'tcp_keepalives_idle'")
    database = Database.postgresql(shared)
    with database.reading() as reads, database.writing() as writes:
        assert [each.execute(asked).scalar() for each in (reads, writes)] == ["session"] * 2
    database.close()


def test_a_replica_with_another_key_writes_nothing_into_the_trail(tmp_path: Path, shared: str):
    with replica(tmp_path / "one", shared) as one, replica(tmp_path / "two", shared) as two:
        (two.path / "trail.key").write_text("")
        (two.path / "trail.key").unlink()
        two.trail.attest(b"a key of its own, made while the trail was empty")
        one.trail.append("note", {}, clock.now())

        with pytest.raises(Untrusted, match="replicas share it"):
            two.trail.append("note", {}, clock.now())
        assert one.trail.size() == 1


def test_replicas_that_start_at_once_on_an_empty_database_migrate_it_once(
    tmp_path: Path, postgresql: Databases
):
    store = postgresql.new()
    starting = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path / str(number)), store, "0"],
            stdin=subprocess.PIPE,
        )
        for number in range(2)
    ]
    assert [one.wait() if one.communicate(b"") else one.returncode for one in starting] == [0, 0]

    database = Database.postgresql(store)
    with database.reading() as connection:
        assert connection.execute(text("select version_num from alembic_version")).all() == [
            (NEWEST,)
        ]
    database.close()


def test_replicas_that_put_the_same_documents_in_force_at_once_record_each_once(
    tmp_path: Path, shared: str
):
    with replica(tmp_path / "one", shared) as one:
        one.trail.append("note", {}, clock.now())
        (tmp_path / "two").mkdir()
        copy(one.path / "trail.key", tmp_path / "two")
        with replica(tmp_path / "two", shared) as two, ThreadPoolExecutor(2) as threads:
            for number in range(5):
                body = DOCUMENT.replace("shop", f"shop{number}").encode()
                at_once = [
                    threads.submit(
                        Objectives(home, dict).put, body, Path("shop.yaml"), now=clock.now()
                    )
                    for home in (one, two)
                ]
                assert {applying.result().state for applying in at_once} == {"binding"}

        kinds = [entry.fields()["kind"] for entry in one.trail.entries()]
    assert kinds.count("objective") == 5


def test_what_a_database_was_told_to_forget_is_on_disk_all_the_same(shared: str):
    database = Database.postgresql(shared)
    with database.reading() as connection:
        name = connection.execute(text("select current_database()")).scalar()
    with database.writing() as connection:
        connection.execute(text(f"alter database {name} set synchronous_commit = off"))
    database.engine.dispose()
    with database.writing() as connection:
        assert connection.execute(text("show synchronous_commit")).scalar() == "on"
    with database.writing() as connection:
        connection.execute(text(f"alter database {name} reset synchronous_commit"))
    database.close()


def test_a_store_that_cannot_be_used_says_why_and_shows_no_password(home: Path):
    for address, reason in (
        ("mysql://me:secret@localhost/x", "mysql is no store"),
        ("postgresql://me:secret@localhost:1/x", "cannot be used as a store"),
        ("postgresql://me:secret@localhost/x?sslmode=perhaps", "sslmode=perhaps is not known"),
        ("errorbudget.db", "is no address of a database"),
    ):
        with pytest.raises(Failure, match=reason) as refused:
            Home.open(home, create=True, store=address)
        assert "secret" not in str(refused.value)


def test_a_home_with_records_of_its_own_is_not_opened_on_others(home: Path, shared: str):
    Home.open(home, create=True).close()

    with pytest.raises(Failure, match=f"keeps records of its own in {DATABASE}"):
        Home.open(home, store=shared)


def test_a_session_that_the_server_ended_is_replaced_before_it_is_used(shared: str):
    database, other = Database.postgresql(shared), Database.postgresql(shared)
    number = text("select pg_backend_pid()")
    with database.reading() as connection:
        session = connection.execute(number).scalar()
    with other.writing() as connection:
        connection.execute(
            text("select pg_terminate_backend(:session, 9000)"), {"session": session}
        )
    time.sleep(1.1)

    with database.reading() as connection:
        assert connection.execute(number).scalar() != session
    database.close()
    other.close()


def test_what_is_asked_again_is_prepared_once_a_session_and_outlives_what_was_undone(shared: str):
    database = Database.postgresql(shared)
    peoples = Prepared(select(asker.c.person).where(asker.c.digest == bindparam("of")))
    ask = Prepared(insert(asker))
    with database.writing() as connection:
        ask.run(connection, {"digest": "one", "person": "ann"})
        connection.rollback()
    for person in ("ann", "ben"):
        with database.writing() as connection:
            assert ask.run(connection, {"digest": "one", "person": person}) == 1

    with database.glancing() as connection:
        assert peoples.rows(connection, {"of": "one"}) == [("ann",), ("ben",)]
        assert peoples.rows(connection, {"of": "two"}) == []
        kept = text("select count(*) from pg_prepared_statements where statement like :what")
        assert connection.execute(kept, {"what": "SELECT asker%"}).scalar() == 1
        assert connection.execute(kept, {"what": "INSERT INTO asker%"}).scalar() == 1
    database.close()


def test_a_reader_has_one_view_and_writes_nothing_and_a_writer_sees_what_was_written_before(
    shared: str,
):
    database = Database.postgresql(shared)
    kind = text("select current_setting('transaction_isolation')")
    count = select(func.count()).select_from(asker)
    with database.reading() as reader:
        assert reader.execute(count).scalar() == 0
        with database.writing() as writer:
            assert writer.execute(kind).scalar() == "read committed"
            writer.execute(insert(asker).values(digest="one", person="ann"))
        assert reader.execute(count).scalar() == 0
        assert reader.execute(kind).scalar() == "repeatable read"
        with pytest.raises(DBAPIError, match="read-only"):
            reader.execute(insert(asker).values(digest="one", person="ben"))
    with database.glancing() as glance:
        assert glance.execute(count).scalar() == 1
    database.close()


def test_a_session_that_went_while_it_was_in_use_is_not_used_again(shared: str):
    database, other = Database.postgresql(shared), Database.postgresql(shared)
    session = Prepared(select(func.pg_backend_pid().label("number")))
    gone = (database.engine.dialect.loaded_dbapi.Error, OSError)
    with pytest.raises(gone), database.glancing() as broken:  # noqa: PT012
        first = session.first(broken).number
        with other.writing() as connection:
            connection.execute(
                text("select pg_terminate_backend(:session, 9000)"), {"session": first}
            )
        session.first(broken)

    with database.glancing() as connection:
        assert session.first(connection).number != first
    database.close()
    other.close()
