"""What the daemon and a console say to each other: protocol, feed, rows, and the token that names a person."""
