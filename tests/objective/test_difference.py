from errorbudget.objective.difference import differences
from objective.writing import document


def test_a_document_does_not_differ_from_itself():
    assert differences(document(), document()) == []


def test_a_tighter_target_says_how_many_fewer_may_be_bad():
    assert differences(document(), document(("99.9%", "99.95%"))) == [
        "objectives.availability.target: 99.9% becomes 99.95%: 0.05 points tighter,"
        " 0.5 times as many requests may be bad"
    ]


def test_every_other_change_is_named():
    found = differences(
        document(),
        document(
            ("status < 500", "status < 400"),
            ("service: checkout", "service: checkout\nmode: advise\nowners: {product: [bo]}"),
            ("28d", "7d"),
        ),
    )
    assert [line.partition(":")[0] for line in found] == [
        "objectives.availability.window",
        "objectives.availability.good",
        "mode",
        "owners",
    ]


def test_objectives_that_come_and_go_are_told():
    renamed = document(("availability:", "worked:"))
    assert [line.partition(":")[0] for line in differences(document(), renamed)] == [
        "objectives.availability",
        "objectives.worked",
    ]
