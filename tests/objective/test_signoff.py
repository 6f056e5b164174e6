from errorbudget.objective.document import ObjectiveDocument
from errorbudget.objective.signoff import Signature, SignoffState, owners, state
from objective.writing import document


def owned(people: str, required: str) -> ObjectiveDocument:
    lines = f"service: checkout\nowners: {people}\nsignoff: {{required: {required}}}"
    return document(("service: checkout", lines))


BOTH = "{engineering: [ana], product: [bo]}"
PLAIN = document()
SIGNED = owned(BOTH, "[engineering, product]")
ENGINEERING = owned(BOTH, "[engineering]")
BINDING = SignoffState(state="binding", waits=())


def by(role: str, principal: str, key: str = "") -> Signature:
    return Signature(role=role, principal=principal, key=key or f"SHA256:{principal}")


ANA, BO = by("engineering", "ana"), by("product", "bo")


def test_a_document_that_requires_no_signature_binds_when_applied():
    assert state(PLAIN, None, ()) == BINDING


def test_a_document_that_requires_signatures_waits_for_each_of_them():
    assert state(SIGNED, None, ()).missing == ("engineering", "product")
    assert state(SIGNED, None, [ANA]).missing == ("product",)
    assert [str(wait) for wait in state(SIGNED, None, [ANA]).waits] == ["product (bo)"]
    assert state(SIGNED, None, [ANA, BO]) == BINDING


def test_only_those_whom_the_document_names_sign_for_a_role():
    assert state(SIGNED, None, [ANA, by("product", "eve")]).missing == ("product",)
    assert state(SIGNED, None, [ANA, by("product", "ana")]).missing == ("product",)


def test_an_edit_cannot_drop_the_signatures_that_the_version_in_force_requires():
    assert state(PLAIN, SIGNED, ()).state == "unsigned"
    assert state(ENGINEERING, SIGNED, [ANA]).missing == ("product",)


def test_an_edit_that_requires_more_waits_for_it():
    assert state(SIGNED, ENGINEERING, [ANA]).missing == ("product",)
    assert state(SIGNED, PLAIN, ()).missing == ("engineering", "product")


def test_an_edit_cannot_hand_a_role_to_somebody_else_without_who_holds_it():
    taken = owned("{engineering: [eve], product: [eve]}", "[engineering, product]")
    eve = [by("engineering", "eve"), by("product", "eve")]
    assert [str(wait) for wait in state(taken, SIGNED, eve).waits] == [
        "engineering (ana)",
        "product (bo)",
    ]
    assert state(taken, SIGNED, [*eve, ANA, BO]) == BINDING


def test_a_role_that_is_handed_over_waits_for_both_its_holders():
    handed = owned("{engineering: [cy], product: [bo]}", "[engineering, product]")
    assert state(handed, SIGNED, [ANA, BO]).missing == ("engineering",)
    assert state(handed, SIGNED, [ANA, BO, by("engineering", "cy")]) == BINDING


def test_whoever_holds_two_roles_may_sign_both():
    alone = owned("{engineering: [ana], product: [ana]}", "[engineering, product]")
    assert state(alone, None, [ANA, by("product", "ana")]) == BINDING


def test_one_key_is_not_two_people():
    one = [by("engineering", "ana", "SHA256:one"), by("product", "bo", "SHA256:one")]
    assert state(SIGNED, None, one).missing == ("product",)


def test_whose_signature_could_count_is_what_any_version_says():
    handed = owned("{engineering: [cy, ana]}", "[engineering]")
    assert owners("engineering", SIGNED, handed) == ("ana", "cy")
    assert owners("product", None, handed) == ()
