"""What a migration does to the data, as its statements say."""

import pytest

from errorbudget.policy.schema import Effect, read


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE orders ADD COLUMN note text",
        "ALTER TABLE orders ADD note text NULL",
        "ALTER TABLE ONLY public.orders ADD COLUMN IF NOT EXISTS note text",
        "ALTER TABLE `orders` ADD COLUMN `note` varchar(10) NULL AFTER `b`",
        "ALTER TABLE orders ADD COLUMN n int NOT NULL DEFAULT 0",
        "ALTER TABLE orders ADD (a int, b int)",
        "ALTER TABLE orders ALTER COLUMN a DROP NOT NULL",
        "ALTER TABLE orders ALTER COLUMN a SET DEFAULT 3",
        "CREATE TABLE vouchers (code text PRIMARY KEY)",
        "CREATE TABLE vouchers (code text); CREATE UNIQUE INDEX v ON Vouchers (code)",
        "CREATE INDEX CONCURRENTLY i ON orders (a)",
        "INSERT INTO countries VALUES ('fr')",
        "BEGIN; ALTER TABLE orders ADD a int; COMMIT;",
    ],
)
def test_what_only_adds_breaks_nothing(statement: str):
    assert read(None, statement).effect is Effect.ADDITIVE


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("ALTER TABLE orders DROP COLUMN total", "drops column total of orders"),
        ("ALTER TABLE orders ADD a int, DROP COLUMN total", "drops column total of orders"),
        ("ALTER TABLE orders ADD a int NOT NULL", "may not be NULL"),
        ("ALTER TABLE orders ADD a int UNIQUE", "with a constraint"),
        ("ALTER TABLE orders ALTER COLUMN a SET NOT NULL", "alters column a of orders"),
        ("ALTER TABLE orders ALTER COLUMN a TYPE bigint", "alters column a of orders"),
        ("ALTER TABLE orders MODIFY COLUMN a bigint", "orders"),
        ("ALTER TABLE orders RENAME COLUMN a TO b", "alters column a of orders"),
        ("ALTER TABLE orders RENAME TO old_orders", "alters orders"),
        ("ALTER TABLE orders ADD CONSTRAINT c CHECK (a > 0)", "alters orders"),
        ("DROP TABLE orders", "drops orders"),
        ("TRUNCATE orders", "empties orders"),
        ("DELETE FROM orders", "deletes rows of orders"),
        ("UPDATE orders SET a = 1", "rewrites rows of orders"),
        ("WITH gone AS (DELETE FROM orders RETURNING *) SELECT * FROM gone", "deletes rows"),
        ("INSERT INTO orders VALUES (1) ON CONFLICT (a) DO UPDATE SET a = 2", "rewrites rows"),
        ("CREATE INDEX i ON orders (a)", "locks orders while it is indexed"),
        ("CREATE UNIQUE INDEX CONCURRENTLY i ON orders (a)", "unique values"),
        ("CREATE TABLE IF NOT EXISTS orders (a int); CREATE INDEX i ON orders (a)", "locks orders"),
        ("CREATE OR REPLACE VIEW v AS SELECT 1", "replaces view v"),
        ("SELECT * INTO copy FROM orders", "cannot be judged"),
        ("GRANT ALL ON orders TO everybody", "cannot be judged"),
        ("DO $$ BEGIN DROP TABLE orders; END $$", "cannot be read"),
        ("{% if x %} DROP TABLE orders {% endif %}", "cannot be read"),
        ("(" * 5_000, "cannot be read"),
    ],
)
def test_what_takes_away_narrows_rewrites_locks_or_cannot_be_read_breaks(
    statement: str, words: str
):
    found = read(None, statement)

    assert found.effect is Effect.BREAKING
    assert words in found.words


def test_adding_never_hides_what_breaks():
    both = "ALTER TABLE a ADD b int; CREATE TABLE c (d int); DROP TABLE e;"

    assert read(None, both).words == "drops e"


@pytest.mark.parametrize("text", ["", "-- only words\n", "SELECT 1; SELECT 2"])
def test_a_file_that_alters_nothing_has_no_effect(text: str):
    assert read(None, text).effect is Effect.NONE


def test_only_the_new_statements_of_a_file_count():
    old = "DROP TABLE a;\n"

    assert read(old, old + "ALTER TABLE b ADD c int;\n").effect is Effect.ADDITIVE
    assert read("SELECT 1", "SELECT 2").effect is Effect.NONE


@pytest.mark.parametrize("after", [None, "", "CREATE TABLE a (b int, c int)"])
def test_an_edited_or_removed_migration_breaks_for_it_may_have_been_applied(after: str | None):
    found = read("CREATE TABLE a (b int)", after)

    assert (found.effect, found.words) == (
        Effect.BREAKING,
        "takes out statements that may have run",
    )


def test_statements_that_were_not_told_may_do_anything():
    assert read(None, None).effect is Effect.BREAKING
