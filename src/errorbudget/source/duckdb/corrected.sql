-- The services of which something was corrected.
select distinct service from corrections
