"""A process that keeps a count, tells every step of it, and is killed: see test_kill.py."""

import sys
from pathlib import Path
from time import sleep

from sqlalchemy import func, insert, select

from errorbudget import clock
from errorbudget.notify.delivery import Delivery
from errorbudget.notify.webhook import Webhook
from errorbudget.store.home import Home
from errorbudget.store.schema import claim
from notify.telling import a_message, over


def main(path: str, url: str, steps: int) -> None:
    with Home.open(Path(path), create=True) as home:
        channel = Webhook(url=url, secret="a secret of more than twenty-four bytes", source="test")
        delivery = Delivery(home.outbox, {"hook": channel}, clock=clock.now)
        delivery.start()
        while step(home, steps):
            delivery.wake()
        while home.outbox.next_due("hook") is not None:
            sleep(0.01)
        delivery.stop()


def step(home: Home, steps: int) -> bool:
    """One more step and its message, in one transaction; whether there was one to make."""
    with home.database.writing() as connection:
        number = connection.execute(select(func.count()).select_from(claim)).scalar() or 0
        if number >= steps:
            return False
        connection.execute(insert(claim).values(service=f"{number:04}", name="a step"))
        of_two = a_message if number % 2 == 0 else over
        message = of_two(f"{number:04}", title=f"{number:04}", service=f"s{number // 2 % 3}")
        home.outbox.put(
            connection,
            message=message.id,
            thread=message.thread,
            body=message.to_bytes(),
            addresses=["hook"],
            now=clock.now(),
        )
    return True


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
