"""Incidents over HTTP: who may see them, see to them and close them, and in whose name."""

from web.served import Served


def token(server: Served, name: str, *scopes: str, **bound: object) -> dict[str, str]:
    admin = getattr(server, "admin", {})
    told = {"name": name, "scopes": scopes} | bound
    made = server.post("/api/v1/tokens", json=told, headers=admin)
    return {"Authorization": f"Bearer {made['token']}"}


def test_an_incident_is_seen_with_read_and_answered_with_approve_in_ones_own_name(
    server: Served,
) -> None:
    server.apply()
    server.post("/api/v1/incidents", json={"service": "shop", "title": "pay fails", "by": "ana"})
    server.admin = token(server, "admin", "admin")  # pyright: ignore[reportAttributeAccessIssue]
    reads = token(server, "ben", "read")
    answers = token(server, "eva", "read", "approve")
    others = token(server, "zoe", "read", "approve", services=["bank"])
    one = "/api/v1/incidents/1"

    for headers in (reads, others):
        assert server.client.post(f"{one}/close", json={}, headers=headers).status_code == 403
    assert server.client.get(one, headers=others).status_code == 403
    seen = server.post(f"{one}/acknowledge", json={"by": "somebody else"}, headers=answers)
    server.post(f"{one}/notes", json={"text": "the pool is full"}, headers=answers)
    server.post(f"{one}/close", json={}, headers=answers)
    shown = server.client.get(one, headers=reads).json()

    assert seen["acknowledged_by"] == "eva"
    told = [(line["what"], line["by"]) for line in shown["timeline"]]
    assert told == [("opened", "ana"), ("acknowledged", "eva"), ("note", "eva"), ("closed", "eva")]
    assert (shown["ended_by"], shown["context"]) == ("eva", None)


def test_notes_with_control_characters_and_numbers_of_no_incident_are_refused(
    server: Served,
) -> None:
    server.apply()
    server.post("/api/v1/incidents", json={"service": "shop", "title": "pay fails"})

    wrong = server.client.post("/api/v1/incidents/1/notes", json={"text": "a\x1b[2Jb"})
    missing = server.client.get("/api/v1/incidents/7")

    assert (wrong.status_code, missing.status_code) == (400, 400)
    assert "there is no incident 7" in missing.text


def test_a_burn_is_handed_over_as_the_command_does(server: Served) -> None:
    server.apply()

    told = server.get("/api/v1/handoff", service="shop", objective="availability")

    assert told["services"] == ["shop"]
    assert told["queries"]["logql"] == '{service_name=~"shop"}'
