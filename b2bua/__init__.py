"""Make it happen: the daemon (edge, pool, store, control) and the call processes."""
