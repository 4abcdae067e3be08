"""What the daemon and a call process say to each other: messages, and the spool folder."""
