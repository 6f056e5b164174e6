-- How many of them spoke of a request from 1 hour before it to 24 hours after.
toInt64(
    arrayCount(
        at -> at between toUnixTimestamp64Micro(toDateTime64(q_time, 6)) - 3600000000
        and toUnixTimestamp64Micro(toDateTime64(q_time, 6)) + 86400000000,
        k_errors
    )
)
