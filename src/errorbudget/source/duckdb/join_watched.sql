-- Leaves out minutes in which no feed of logs was alive.
semi join ({alive}) as watched
    on
        scoped.service = watched.service
        and scoped.minute >= watched.from_minute
        and scoped.minute < watched.to_minute
