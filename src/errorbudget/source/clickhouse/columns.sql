-- A table's rows, by the columns that a configuration gives.
select {columns}
from {table}
where {within}
