"""Every operation that a person or program may ask of the daemon."""
