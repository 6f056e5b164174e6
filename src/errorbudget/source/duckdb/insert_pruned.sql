-- Remember from which minute on there are requests.
insert into pruned values ($batch, $before)
