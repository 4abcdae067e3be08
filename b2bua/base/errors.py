"""What the store refuses, each with the words that the operator reads."""


class StoreError(Exception):
    """Any refusal of the store; its text is one clear line."""


class StoreUnusable(StoreError):
    """The database is missing, cannot be opened, or is not ours to touch."""


class NotFound(StoreError):
    """No such number, version or plan."""


class Conflict(StoreError):
    """The live plan is no longer the one that the change was made from; nothing was published."""


class StartFault(Exception):
    """The daemon cannot start: one line that says why, and what to do."""
