"""Errors that are shown to a person: the text of each is one clear line.

Rule: the text says what is wrong and what to do; a traceback is for faults of the program only.
"""


class StoreError(Exception):
    """The store cannot do what was asked; the text is one clear line for the operator."""


class StoreUnusable(StoreError):
    """The database is missing, cannot be opened, belongs to another user, or holds another program's tables."""


class NotFound(StoreError):
    """There is no such number, version, plan, recording or message."""


class Conflict(StoreError):
    """The live plan is no longer the one that the change was made from; nothing was published."""


class StartFault(Exception):
    """The daemon cannot start: one line that says why, and what to do."""
