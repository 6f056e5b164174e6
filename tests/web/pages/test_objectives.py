"""What is promised, in pages: the list, a document in words, a proposal, and the editor."""

from datetime import UTC, datetime, timedelta

from web.pages.reading import proof, shown
from web.served import DOCUMENT, Served, until

OWNED = (
    DOCUMENT.format(service="shop") + "owners: {product: [bo]}\nsignoff: {required: [product]}\n"
)
START = datetime(2026, 3, 2, tzinfo=UTC)


def fed(server: Served) -> None:
    """Two weeks and more of a service that fails now and then."""
    rows = [
        {
            "time": (START + timedelta(minutes=10 * number)).isoformat(),
            "service": "shop",
            "status": 503 if number % 120 == 0 else 200,
        }
        for number in range(2_500)
    ]
    server.send(*rows)
    until(lambda: server.get("/api/v1/proposals")[:1])


def test_a_service_goes_from_its_requests_to_a_document_that_somebody_may_sign(
    server: Served,
) -> None:
    fed(server)
    listed = server.client.get("/objectives").text
    assert "1 service sends requests without a promise" in shown(listed)
    assert '<a href="/objectives/shop/proposal">' in listed

    evidence = server.client.get("/objectives/shop/proposal").text
    assert "shop could promise 98% over 28 days." in shown(evidence)
    assert "No whole window of 28 days has passed" in shown(evidence)
    assert evidence.count("<svg") >= 4
    assert "select minute" in evidence

    editor = server.client.get("/objectives/shop/edit", params={"proposed": True}).text
    assert "service: shop" in editor
    assert "objective sign shop.yaml --role product --key" in editor
    text = server.post("/api/v1/proposals", params={"service": "shop"})["document"]
    sent = {"document": text.replace("\n", "\r\n"), "proof": proof(editor)}

    tried = shown(server.client.post("/objectives/shop/edit", data=sent).text)
    assert "This is a document; " in tried
    assert "availability at 98%: no whole window has passed yet" in tried
    assert "No version is in force to compare it with." in tried
    taken = server.client.post("/objectives/shop/download", data=sent)
    assert taken.content.decode() == text
    assert taken.headers["Content-Disposition"] == "attachment; filename*=UTF-8''shop.yaml"


def test_a_document_is_told_in_words_with_who_has_yet_to_sign_and_what_changes(
    server: Served,
) -> None:
    server.apply()
    newer = OWNED.replace("target: 99%", "target: 99.9%")
    server.post("/api/v1/documents", content=newer.encode())

    assert "a newer version waits for signatures" in shown(server.client.get("/objectives").text)
    page = server.client.get("/objectives/shop", params={"replay": True}).text
    text = shown(page)
    assert "shop promises 99% availability. A newer version waits for product (bo)." in text
    assert "when its status is below 500" in text
    assert "99% becomes 99.9%: 0.9 points tighter" in text
    assert "errorbudget objective sign shop.yaml --role product" in text
    assert "in force since" in text

    editor = server.client.get("/objectives/shop/edit").text
    assert "target: 99.9%" in editor
    sent = {"document": DOCUMENT.format(service="shop") + "typo: 1\n", "proof": proof(editor)}
    answer = server.client.post("/objectives/shop/edit", data=sent)
    assert answer.status_code == 200
    assert "shop.yaml:15: typo:" in shown(answer.text)
    assert "typo: 1" in answer.text

    forged = server.client.post("/objectives/shop/edit", data=sent | {"proof": "none"})
    assert forged.status_code == 403
    unknown = server.client.get("/objectives/nobody")
    assert "no objective document speaks for it" in shown(unknown.text)
