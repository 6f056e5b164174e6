-- Numbers the values of one column that are looked at alone.
left join (select unnest($values_{number}) as value, unnest(range(1, len($values_{number}) + 1)) as code)
    as code_{number}
    on leaves.column_{number} = code_{number}.value
