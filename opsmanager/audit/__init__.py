"""Who did what, from where, with what result: the trail."""
