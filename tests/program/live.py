"""A sender that is heard live: batches of a few requests, each a transaction of its own."""

from datetime import datetime
from itertools import count

from errorbudget.program.program import Program
from errorbudget.request import Receipt
from program.traffic import Minute

_batches = count()


def send(
    program: Program,
    minutes: dict[datetime, Minute],
    service: str = "shop",
    *,
    feed: str = "collector",
) -> None:
    """Good and bad requests of some moments, in one batch."""
    connection = program.warehouse.connection
    connection.execute(
        """create or replace temp table staged_requests as
        select 0::bigint as line, null::timestamp as time, ''::varchar as service,
            ''::varchar as route, ''::varchar as method, 200::integer as status,
            1.0::double as duration_ms, ''::varchar as tenant, ''::varchar as version,
            ''::varchar as region, ''::varchar as environment, ''::varchar as trace_id,
            ''::varchar as span_id, false as is_bot, map{}::map(varchar, varchar) as attributes
        limit 0"""
    )
    for moment, (good, bad) in minutes.items():
        connection.execute(
            """insert into staged_requests by name
            select i as line, $1::timestamp as time, $2 as service,
                case when i < $3 then 200 else 500 end as status,
                '' as route, '' as method, '' as tenant, '' as version, '' as region,
                '' as environment, '' as trace_id, '' as span_id, false as is_bot,
                map{}::map(varchar, varchar) as attributes
            from range($4) as r(i)""",
            [moment.replace(tzinfo=None), service, good, good + bad],
        )
    receipt = Receipt(feed=feed, key=f"batch {next(_batches)}", position=0, line=0)
    program.warehouse.add_requests(receipt)
