"""Calls that are up: their records, what they ask of the daemon, queues, reservations of lines."""
