-- Of the minutes before one, only the last is asked for again.
delete from settled
where minute < (select max(minute) from settled where minute <= $before)
