"""What a change is worth worrying about, by its files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errorbudget.change import Diff, FileChange
from errorbudget.errors import DocumentInvalid
from errorbudget.objective.document import RISING, RiskClass
from errorbudget.policy.risk import RiskFinding, classify
from policy.promises import document

RULES = document().risk
LOW, NORMAL, HIGH = RISING


def diff(*files: str | tuple[str, int | None, int | None]) -> Diff:
    changes = [(file, 1, 0) if isinstance(file, str) else file for file in files]
    return Diff(
        base="a",
        deployed="1.4.0",
        head="b",
        files=tuple(FileChange(path=p, added=a, deleted=d) for p, a, d in changes),
    )


def judged(*files: str | tuple[str, int | None, int | None], **more) -> RiskFinding:
    return classify(diff(*files), RULES, more.get("declared"), proven=more.get("proven"))


@pytest.mark.parametrize(
    ("file", "expected", "rules"),
    [
        ("docs/faq.md", LOW, ("words",)),
        ("README.md", LOW, ("words",)),
        ("src/pay.py", LOW, ()),
        ("uv.lock", NORMAL, ("dependencies",)),
        ("migrations/0042_drop.sql", HIGH, ("schema",)),
        ("deep/down/x.sql", HIGH, ("schema",)),
        ("k8s/docs/x.md", HIGH, ("infrastructure",)),
        ("docs/x.sql", HIGH, ("schema",)),
    ],
)
def test_one_small_file_has_the_highest_class_of_its_rules(
    file: str, expected: RiskClass, rules: tuple[str, ...]
):
    found = judged(file)

    assert (found.risk_class, found.rules, found.files) == (expected, rules, (file,))
    assert not found.declared


def test_the_riskiest_file_decides_for_all():
    found = judged("docs/a.md", "src/pay.py", "migrations/1.sql", "terraform/x.tf")

    assert found.risk_class is HIGH
    assert found.rules == ("schema", "infrastructure")
    assert found.files == ("migrations/1.sql", "terraform/x.tf")
    assert found.because == "migrations/1.sql and 1 more"


@pytest.mark.parametrize(
    "files",
    [
        [("src/pay.py", 6, 5)],
        [("src/pay.py", 1, 0), ("src/cart.py", 1, 0)],
        [("src/pay.py", 1, 0), ("docs/a.md", 1, 0)],
        [("logo.png", None, None)],
        [("src/pay.py", 1, None)],
    ],
)
def test_a_change_that_is_not_small_is_normal_where_no_rule_speaks(files: list):
    assert judged(*files).risk_class is NORMAL


def test_a_small_change_is_measured_as_added_and_deleted_lines():
    assert judged(("src/pay.py", 6, 4)).risk_class is LOW


def test_a_large_change_of_words_is_still_low():
    assert judged(("docs/a.md", 9000, 0), ("docs/b.md", 9000, 0)).risk_class is LOW


def test_a_rename_is_judged_by_both_its_names():
    found = judged(("migrations/1.sql", 0, 9), ("docs/1.md", 9, 0))

    assert (found.risk_class, found.rules) == (HIGH, ("schema",))


@pytest.mark.parametrize(
    "path",
    [
        "a\nb/x.sql",
        "migrations/a\nb",
        "migrations/\x1b[2J",
        "!x.sql",
        "#x.sql",
        " /x.sql",
        "a\\b.sql",
        "\udcff/x.sql",
        "x.sql/y",
    ],
)
def test_no_odd_name_escapes_its_rule(path: str):
    assert judged(path).risk_class is HIGH


@pytest.mark.parametrize(
    "path", ["", "/etc/x", "../docs/x.md", "docs/../x.md", "a//b.md", "./x.md"]
)
def test_a_path_that_git_cannot_have_is_unclassified(path: str):
    found = judged("docs/a.md", path)

    assert found.risk_class is HIGH
    assert found.because.startswith("unclassified: ")


def test_a_line_feed_does_not_make_a_low_rule_match():
    assert judged(("docs.md\n", 99, 0)).risk_class is NORMAL


def test_what_is_printed_has_no_control_characters_and_is_short():
    found = judged("migrations/\x1b[2J" + "a" * 500)

    assert found.because.isprintable()
    assert len(found.because) <= 80


def test_a_finding_of_many_files_names_the_first():
    found = judged(*[f"migrations/{n}.sql" for n in range(1000)])

    assert len(found.files) == 20
    assert found.because == "migrations/0.sql and 999 more"


@pytest.mark.parametrize("declared", [None, *RiskClass])
def test_without_a_diff_a_change_counts_as_high_whatever_is_declared(declared: RiskClass | None):
    assert classify(None, RULES, declared).risk_class is HIGH


def test_an_empty_diff_shows_nothing():
    assert judged(declared=LOW).risk_class is HIGH


def test_a_label_raises_the_class():
    found = judged("docs/a.md", declared=NORMAL)

    assert (found.risk_class, found.declared) == (NORMAL, True)


@given(st.sampled_from(["docs/a.md", "uv.lock", "k8s/a"]), st.sampled_from(list(RiskClass)))
def test_a_label_never_lowers_the_class(file: str, declared: RiskClass):
    alone, labelled = judged(file).risk_class, judged(file, declared=declared).risk_class

    assert RISING.index(labelled) >= RISING.index(alone)


@pytest.mark.parametrize("declared", [RiskClass.ROLLBACK, RiskClass.CRITICAL])
def test_rollback_and_critical_need_evidence_where_there_are_rules(declared: RiskClass):
    word = judged("k8s/a", declared=declared)
    shown = judged("k8s/a", declared=declared, proven={declared: "incident 7"})

    assert (word.risk_class, word.declared) == (HIGH, False)
    assert (shown.risk_class, shown.declared) == (declared, True)


@pytest.mark.parametrize("declared", RiskClass)
def test_without_rules_the_declared_class_is_taken_and_marked(declared: RiskClass):
    found = classify(diff("k8s/a"), None, declared)

    assert (found.risk_class, found.declared) == (declared, True)


def test_without_rules_and_without_a_word_a_change_is_unclassified():
    found = classify(diff("docs/a.md"), None, None)

    assert (found.risk_class, found.declared) == (HIGH, False)
    assert found.because == "unclassified: no risk rules, and no class declared with --risk"


def test_a_pattern_that_gitignore_does_not_know_is_a_document_error():
    rules = RULES.model_copy(
        update={"rules": (RULES.rules[0].model_copy(update={"paths": ("!",)}),)}
    )

    with pytest.raises(DocumentInvalid, match=r"risk\.rules\.schema\.paths"):
        classify(diff("a"), rules, None)


def test_a_finding_can_be_said_as_json_whatever_the_path():
    found = judged("migrations/\udcff.sql").as_dict()

    assert found["files"] == ["migrations/\\udcff.sql"]
    assert found["class"] == "high"


@given(st.lists(st.text(max_size=12), max_size=6), st.lists(st.text(max_size=12), max_size=3))
def test_more_files_never_make_a_change_less_risky(files: list[str], more: list[str]):
    fewer, all_ = judged(*files), judged(*files, *more)

    assert not files or RISING.index(all_.risk_class) >= RISING.index(fewer.risk_class)


def sql(path: str, after: str | None, before: str | None = None) -> FileChange:
    return FileChange(path=path, added=1, deleted=0, before=before, after=after)


def of(*files: FileChange, rules=RULES) -> RiskFinding:
    return classify(Diff(base="a", head="b", files=files, deployed="1.4.0"), rules, None)


DROPS, ADDS = "ALTER TABLE orders DROP COLUMN total", "ALTER TABLE orders ADD note text"


def test_dropping_a_column_is_high_and_adding_one_is_not_where_no_rule_speaks():
    bare = RULES.model_copy(update={"rules": ()})

    drops, adds, asks = (
        of(sql("db/1.sql", text), rules=bare) for text in (DROPS, ADDS, "SELECT 1")
    )

    assert (drops.risk_class, drops.rules) == (HIGH, ("schema-change",))
    assert drops.because == "db/1.sql: drops column total of orders"
    assert (adds.risk_class, adds.because) == (NORMAL, "db/1.sql: adds column note to orders")
    assert asks.risk_class is LOW


def test_a_rule_may_leave_out_what_only_adds():
    text = document().risk.rules[0].model_copy(update={"unless": "additive"})
    rules = RULES.model_copy(update={"rules": (text,)})

    assert of(sql("migrations/1.sql", ADDS), rules=rules).risk_class is NORMAL
    assert of(sql("migrations/1.sql", DROPS), rules=rules).rules == ("schema", "schema-change")
    assert of(sql("migrations/1.sql", None), rules=rules).risk_class is HIGH


def test_a_rule_without_exception_counts_whatever_the_statements_do():
    assert of(sql("migrations/1.sql", ADDS)).risk_class is HIGH


def test_words_do_not_hide_a_migration():
    assert of(sql("docs/1.SQL", DROPS)).risk_class is HIGH


@pytest.mark.parametrize("path", ["go.sum", "web/yarn.lock", "docs/poetry.lock"])
def test_a_lockfile_is_never_low(path: str):
    found = judged(path)

    assert (found.risk_class, found.rules) == (NORMAL, ("lockfile",))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("100644", "100644", LOW),
        ("", "100644", LOW),
        ("100755", "100755", LOW),
        ("100755", "", LOW),
        ("100644", "100755", NORMAL),
        ("", "100755", NORMAL),
        ("", "120000", NORMAL),
        ("100644", "120000", NORMAL),
        ("120000", "100644", NORMAL),
        ("160000", "160000", HIGH),
        ("", "160000", HIGH),
    ],
)
def test_a_file_that_becomes_a_program_or_a_link_is_not_low_and_a_submodule_is_high(
    before: str, after: str, expected: RiskClass
):
    file = FileChange(path="x", added=1, deleted=0, mode_before=before, mode_after=after)

    assert of(file).risk_class is expected


def test_what_could_not_be_told_is_unclassified_and_says_why():
    unsure = Diff(base="v1", head="b", files=(), unsure="v1 is not in this shallow clone")

    found = classify(unsure, RULES, LOW)

    assert (found.risk_class, found.classified) == (HIGH, False)
    assert found.because == "unclassified: v1 is not in this shallow clone"


def test_a_base_on_the_callers_word_is_said_to_be_that():
    word = Diff(base="v1", head="b", files=(FileChange(path="docs/a.md", added=1, deleted=0),))

    assert classify(word, RULES, None).because == "docs/a.md; against v1 on the caller's word"
