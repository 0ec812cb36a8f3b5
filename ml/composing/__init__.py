"""Tips put together from what is true, from kinds of work and from first steps that suit them."""
