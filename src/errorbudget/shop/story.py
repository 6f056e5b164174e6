"""What does the program say about the shop's quarter? The story of the demo, told line by line."""

from collections.abc import Callable
from datetime import datetime

from errorbudget.policy.approval import Says
from errorbudget.program.budgets.book import Standing
from errorbudget.program.gate.asking import Question
from errorbudget.program.gate.question import Answer
from errorbudget.program.gate.statements import Wanted
from errorbudget.program.program import Program
from errorbudget.shop.generation import Shop
from errorbudget.shop.plot import Deploy

Write = Callable[[str], None]
Scene = Callable[[Program, Shop, datetime, Write], None]


def tell(program: Program, shop: Shop, write: Write) -> None:
    """Take the shop in, then ask for its budgets and its gate on the days that matter."""
    _introduce(shop, write)
    _take_in(program, shop, write)
    _promise(program, shop, write)
    before = shop.start
    for moment, scene in _scenes(shop):
        record_deploys(program, shop, before, moment)
        write("")
        scene(program, shop, moment, write)
        before = moment


def _scenes(shop: Shop) -> tuple[tuple[datetime, Scene], ...]:
    return (
        (shop.at(12, "10:00"), _a_good_day),
        (shop.at(19, "15:30"), _after_the_rounding),
        (shop.at(52, "09:30"), _a_small_change),
        (shop.at(58, "08:00"), _the_morning_before),
        (shop.at(58, "09:00"), _reconciliation),
        (shop.at(58, "10:00"), _a_change_too_many),
        (shop.at(58, "14:00"), _spent_on_purpose),
    )


def record_deploys(program: Program, shop: Shop, since: datetime, until: datetime) -> None:
    """Tell the program of every recorded deploy that was finished in this time."""
    for deploy in shop.changes:
        finished = deploy.change.finished_at
        if deploy.gated and finished and since <= finished < until:
            program.changes.record(deploy.change, now=finished)


def _introduce(shop: Shop, write: Write) -> None:
    services = ", ".join(shop.requests)
    write(f"A simulated shop: {services}; {shop.days} days from {shop.start:%Y-%m-%d}.")
    write("Its requests are generated, the same ones every time. The rest is computed from them.")


def _take_in(program: Program, shop: Shop, write: Write) -> None:
    write("")
    write("Taking in what the quarter left behind:")
    for service, paths in shop.requests.items():
        stored = sum(program.requests.ingest(path).stored for path in paths)
        logged = sum(program.requests.ingest(path, logs=True).stored for path in shop.logs[service])
        write(f"  {service:<9} {stored:>12,} requests  {logged:>9,} log records")


def _promise(program: Program, shop: Shop, write: Write) -> None:
    write("")
    write("Applying what each service promised:")
    for path in shop.documents.values():
        write(f"  {program.objectives.apply(path, now=shop.start).sentence()}")


def _a_good_day(program: Program, shop: Shop, moment: datetime, write: Write) -> None:
    _say(moment, "chen wants to offer pick-up points", write)
    _show_budgets(program, moment, write)
    _ask(program, _deploy(shop, "checkout-2.11.0"), moment, write)


def _after_the_rounding(program: Program, shop: Shop, moment: datetime, write: Write) -> None:
    del shop
    _say(moment, "2.14.0 broke payments in EUR for 47 minutes and is rolled back", write)
    _show_budgets(program, moment, write)


def _a_small_change(program: Program, shop: Shop, moment: datetime, write: Write) -> None:
    _say(moment, "three more troubles later, ana wants to correct a page of the manual", write)
    _show_budgets(program, moment, write)
    _ask(program, _deploy(shop, "checkout-2.18.4"), moment, write)


def _the_morning_before(program: Program, shop: Shop, moment: datetime, write: Write) -> None:
    del shop
    _say(moment, "an hour before the orders are reconciled", write)
    _show_budgets(program, moment, write)


def _reconciliation(program: Program, shop: Shop, moment: datetime, write: Write) -> None:
    _say(moment, "orders of day 55 that answered 200 turn out to be stored wrongly", write)
    for correction in shop.corrections:
        service, reason = correction["service"], correction["reason"]
        done = program.requests.correct(
            service, correction["request_ids"], correction["verdict"], reason, now=moment
        )
        write(f"  {done.corrected} requests corrected: {reason}")


def _a_change_too_many(program: Program, shop: Shop, moment: datetime, write: Write) -> None:
    _say(moment, "chen wants to ship payment in instalments", write)
    _show_budgets(program, moment, write)
    _ask(program, _deploy(shop, "checkout-2.19.0"), moment, write)


def _spent_on_purpose(program: Program, shop: Shop, moment: datetime, write: Write) -> None:
    _say(moment, "both sides spend budget on the instalments, and on nothing else", write)
    deploy, owners = _deploy(shop, "checkout-2.19.0"), _owners(program)
    for place, (role, person) in enumerate(owners.items()):
        wanted = Wanted(
            says=Says.APPROVE,
            service=deploy.change.service,
            change=deploy.change.id,
            role=role,
            reason="the partner's campaign starts tomorrow",
            spend="6%",
        )
        drawn = program.approvals.draw_up(wanted, now=moment)
        if place == 0:
            write(f"  {drawn['consequences']}")
        given = program.approvals.give(
            drawn["statement"], signature=None, person=person, now=moment
        )
        write(f"  {given['by']} ({role}) approves: {given['reason']}")
    answer = _ask(program, deploy, moment, write)
    finished = deploy.change.finished_at or moment
    if answer.recorded and answer.exit_code == 0:
        entry, started = answer.recorded.entry, deploy.change.started_at
        program.gate.record_outcome(entry, 0, started_at=started, now=finished)
        program.changes.record(deploy.change, now=finished)
        write(f"  {deploy.change.version} ships at {started:%H:%M}; the approval is used up.")


def _owners(program: Program) -> dict[str, str]:
    """One person for each role that must approve."""
    document = program.budgets.document("checkout")
    rule = document.policy.approval if document.policy else None
    return {role: document.owners[role][0] for role in (rule.roles if rule else ())}


def _say(moment: datetime, what: str, write: Write) -> None:
    write(f"{moment:%d %B, %H:%M} UTC: {what}.")


def _ask(program: Program, deploy: Deploy, moment: datetime, write: Write) -> Answer:
    change = deploy.change
    asked_by = (deploy.author,)
    question = Question(service=change.service, change=change.id, diff=deploy.diff, by=asked_by)
    answer = program.gate.check(question, at=moment, now=moment)
    write(f"  gate: {answer.decision.reason}")
    return answer


def _show_budgets(program: Program, moment: datetime, write: Write) -> None:
    for standing in program.budgets.read("checkout", at=moment):
        write(f"  {_line(standing)}")


def _line(standing: Standing) -> str:
    told = standing.as_dict()
    name = f"{told['service']} {told['objective']} {told['target']}"
    if told["remaining"] is None:
        return f"{name:<30} no data yet"
    return (
        f"{name:<30} {told['remaining']:>7.1%} left: {told['bad']:,} bad"
        f" of {told['allowed']:,.0f} allowed, {told['state']}"
    )


def _deploy(shop: Shop, change: str) -> Deploy:
    return next(deploy for deploy in shop.changes if deploy.change.id == change)
