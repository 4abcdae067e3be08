"""The audit trail: who changed what, and when (T4)."""

import attrs

from b2bua.api.requests import fields
from b2bua.api.requests.operation import Operation, Scope
from b2bua.console.protocol import Role
from routing.ids import Number400


@attrs.frozen
class AuditStep:
    """One change: when (UTC epoch milliseconds), who, by which operation, and to what.

    `fields` are those of the request, without secrets, as text. `detail` is what an older release wrote in their place.
    Of a plan that was published or restored `before` and `after` are the documents.
    """

    at_ms: int
    who: str
    operation: str
    subject: str
    fields: dict[str, str]
    detail: str = ""
    before: str = ""
    after: str = ""


@attrs.frozen
class AuditFound:
    """Changes, newest first."""

    rows: tuple[AuditStep, ...]


@attrs.frozen
class FindAudit(Operation[AuditFound]):
    """Find changes: those of one number, or by one person, or all."""

    NAME = "audit.find"
    ROLE = Role.VIEWER
    SCOPE = Scope.ALL

    number: Number400 | None = attrs.field(default=None, converter=fields.optional_number)
    who: str = attrs.field(default="", validator=fields.short_text)
    most: int = attrs.field(default=fields.USUAL_ROWS, validator=fields.rows)
