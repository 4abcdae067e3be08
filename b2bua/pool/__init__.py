"""The call processes of this daemon: a state machine without I/O (`state`), and the sockets and programs around it."""
