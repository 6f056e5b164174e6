-- A criterion that is NULL means valid. A correction outranks the criterion.
(coalesce({valid}, true) and verdict is distinct from 'excluded')
