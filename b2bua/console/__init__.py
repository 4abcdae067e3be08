"""The control protocol between the daemon and a console: messages, feed, rows, and the client's token."""
