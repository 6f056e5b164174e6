"""Documents: exact bytes, the history of what was in force, and one document a service."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from errorbudget.errors import DocumentInvalid
from errorbudget.store.documents import State, Version
from errorbudget.store.home import Home

START = datetime(2026, 7, 20, 14, 5, tzinfo=UTC)


def apply(
    home: Home,
    body: bytes,
    *,
    name: str = "checkout",
    services: tuple[str, ...] = ("checkout",),
    state: State = "binding",
    hours: int = 0,
) -> Version:
    return home.documents.apply(
        name=name,
        services=services,
        body=body,
        state=state,
        file=f"{name}.yaml",
        now=START + timedelta(hours=hours),
    )


def test_the_exact_bytes_are_kept_by_their_digest(opened: Home):
    body = b"# r\xc3\xa9sum\xc3\xa9\r\nname: checkout\r\n"

    version = apply(opened, body)

    assert version.digest == sha256(body).hexdigest()
    assert opened.documents.body(version.digest) == body
    assert opened.documents.body("0" * 64) is None


def test_the_last_binding_version_stays_in_force_until_another_binds(opened: Home):
    first = apply(opened, b"one")
    waiting = apply(opened, b"two", state="unsigned", hours=1)

    assert opened.documents.in_force("checkout") == first
    assert opened.documents.newest("checkout") == waiting

    bound = apply(opened, b"two", hours=2)

    assert opened.documents.in_force("checkout") == bound
    assert opened.documents.history("checkout") == [first, waiting, bound]


def test_what_was_in_force_at_a_moment_can_still_be_told(opened: Home):
    first = apply(opened, b"one")
    second = apply(opened, b"two", hours=2)

    moments = [START + timedelta(hours=hours) for hours in (-1, 0, 1, 2)]
    found = [opened.documents.in_force("checkout", at=moment) for moment in moments]

    assert found == [None, first, first, second]


def test_a_document_never_signed_is_known_but_not_in_force(opened: Home):
    apply(opened, b"one", state="unsigned")

    assert opened.documents.in_force("checkout") is None
    assert opened.documents.name_for("checkout") == "checkout"
    assert opened.documents.names() == ["checkout"]


def test_applying_the_same_version_again_changes_nothing(opened: Home):
    first = apply(opened, b"one")

    assert apply(opened, b"one", hours=1) == first
    assert opened.documents.history("checkout") == [first]


def test_an_old_version_can_be_put_back_in_force(opened: Home):
    apply(opened, b"one")
    apply(opened, b"two", hours=1)
    back = apply(opened, b"one", hours=2)

    assert opened.documents.in_force("checkout") == back
    assert len(opened.documents.history("checkout")) == 3


def test_a_service_nobody_knows_has_no_document(opened: Home):
    assert opened.documents.name_for("checkout") is None


def test_a_pooled_document_speaks_for_all_its_services(opened: Home):
    apply(opened, b"one", name="finding", services=("search", "suggest"))

    assert opened.documents.name_for("suggest") == "finding"


def test_a_service_of_another_document_is_refused_at_its_line(opened: Home):
    apply(opened, b"one")

    body = b"name: shop\n# two\nservices: [search, checkout]\n"

    with pytest.raises(DocumentInvalid) as refused:
        apply(opened, body, name="shop", services=("search", "checkout"))

    with pytest.raises(DocumentInvalid) as beforehand:
        opened.documents.refuse_taken(
            name="shop", services=["search", "checkout"], body=body, file="shop.yaml"
        )

    assert str(beforehand.value) == str(refused.value)
    assert str(refused.value).startswith("shop.yaml:3: services: checkout already belongs to")
    assert opened.documents.names() == ["checkout"]
    assert opened.documents.name_for("search") is None


def test_a_service_is_free_again_when_a_binding_version_drops_it(opened: Home):
    apply(opened, b"one", name="finding", services=("search", "suggest"))
    apply(opened, b"two", name="finding", services=("search",), state="unsigned", hours=1)

    assert opened.documents.name_for("suggest") == "finding"

    apply(opened, b"two", name="finding", services=("search",), hours=2)
    apply(opened, b"three", name="suggest", services=("suggest",), hours=3)

    assert opened.documents.name_for("suggest") == "suggest"


def test_a_service_of_a_version_that_never_bound_is_free_after_the_next(opened: Home):
    apply(opened, b"one", services=("checkout",))
    apply(opened, b"two", services=("checkout", "pay"), state="unsigned", hours=1)
    assert opened.documents.name_for("pay") == "checkout"

    apply(opened, b"three", services=("checkout",), state="unsigned", hours=2)

    assert opened.documents.name_for("pay") is None
