"""Every operation that a person or program may request of the daemon."""
