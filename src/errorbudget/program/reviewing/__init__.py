"""Reviews: a quarter gathered from everything that is kept, told once it is over."""
