from errorbudget.objective.signoff import SignoffState, state
from objective.writing import document

PLAIN = document()
OWNED = "service: checkout\nowners: {engineering: [ana], product: [bo]}"
SIGNED = document(("service: checkout", f"{OWNED}\nsignoff: {{required: [engineering, product]}}"))
ENGINEERING = document(("service: checkout", f"{OWNED}\nsignoff: {{required: [engineering]}}"))
BINDING = SignoffState(state="binding", missing=())


def test_a_document_that_requires_no_signature_binds_when_applied():
    assert state(PLAIN, None, ()) == BINDING


def test_a_document_that_requires_signatures_waits_for_each_of_them():
    assert state(SIGNED, None, ()) == SignoffState(
        state="unsigned", missing=("engineering", "product")
    )
    assert state(SIGNED, None, {"engineering"}).missing == ("product",)
    assert state(SIGNED, None, {"engineering", "product"}) == BINDING


def test_an_edit_cannot_drop_the_signatures_that_the_version_in_force_requires():
    assert state(PLAIN, SIGNED, ()).state == "unsigned"
    assert state(ENGINEERING, SIGNED, {"engineering"}).missing == ("product",)


def test_an_edit_that_requires_more_waits_for_it():
    assert state(SIGNED, ENGINEERING, {"engineering"}).missing == ("product",)
    assert state(SIGNED, PLAIN, ()).missing == ("engineering", "product")
