-- The values of one column that enough failures of the burn share, the most first.
select {column} as value
from leaves
where burns
group by value
having sum(bad) >= $least
order by sum(bad) desc, value
