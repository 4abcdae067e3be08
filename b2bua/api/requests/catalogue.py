"""The catalogue of all operations, by their names in the control protocol.

Rule: every request class of a module of this package is in the catalogue; there is no second list.
"""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Final

from b2bua.api import requests
from b2bua.api.requests.operation import AnOperation, Operation


def subjects() -> Iterator[ModuleType]:
    """The modules of this package that hold operations."""
    for found in iter_modules(requests.__path__):
        if found.name not in ("catalogue", "fields", "operation", "wire"):
            yield import_module(f"{requests.__name__}.{found.name}")


def operations_of(module: ModuleType) -> list[type[AnOperation]]:
    """The operations that a module defines, in the order in which it does."""
    return [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Operation) and value.__module__ == module.__name__
    ]


OPERATIONS: Final = {kind.NAME: kind for module in subjects() for kind in operations_of(module)}
"""Request classes by name."""
