"""Calls that are up: their records, their questions to the daemon, queues, reservations of lines."""
