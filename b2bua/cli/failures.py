"""Reports the failure of a command: its message on stderr and its exit status.

Rule: faults of documents are a line each, `FILE: path: problem — mend`, exit status 1; any other failure is one clear
line and exit status 2. A traceback means a fault of this program.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click
from sqlalchemy.exc import DBAPIError

from b2bua.api.requests.fields import FieldFault
from b2bua.api.requests.operation import Refusal
from b2bua.base.errors import StoreError
from b2bua.config.configuration import ConfigFault
from b2bua.console.client_token import CredentialFault
from b2bua.control.client import DaemonGone
from b2bua.control.tokens import TokensFault
from b2bua.media.keys import KeyFault
from b2bua.media.prompts import UnusablePrompt
from b2bua.store.database import first_line
from routing.document import PlanFaults
from routing.number import NumberFault

_CLEAR_ERRORS = (
    *(StoreError, ConfigFault, DaemonGone, FieldFault, NumberFault, UnusablePrompt),
    *(KeyFault, TokensFault, CredentialFault),
)
"""Errors whose text is already a clear sentence for the user."""


@contextmanager
def reported_failures() -> Iterator[None]:
    """End the program with the message and exit status of a failure in the block."""
    try:
        yield
    except PlanFaults as error:
        for fault in error.faults:
            click.echo(f"{fault.path}: {fault.problem} — {fault.mend}", err=True)
        sys.exit(1)
    except Refusal as error:
        for refused in error.faults:
            click.echo(f"{refused.path}: {refused.problem} — {refused.mend}", err=True)
        if not error.faults:
            click.echo(str(error), err=True)
        sys.exit(1 if error.faults else 2)
    except _CLEAR_ERRORS as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    except DBAPIError as error:
        click.echo(f"the database: {first_line(error)}", err=True)
        sys.exit(2)
    except BrokenPipeError:
        raise  # `switch400 cdr | head`: click ends the program without a message
    except PermissionError as error:
        click.echo(f"{error.filename or error}: not allowed; run this as the switch's user, or as root", err=True)
        sys.exit(2)
    except OSError as error:
        click.echo(f"{error.filename}: {error.strerror}" if error.filename else str(error), err=True)
        sys.exit(2)
