"""Every operation: one class, one implementation, and no request that is anything but what its class says."""

import importlib
import pkgutil
from collections import Counter
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import OperationalError

from b2bua import api
from b2bua.api.dispatch import Asker, Dispatcher, implemented, implements, refusals
from b2bua.api.requests.calls import CallShown, ShowCall, SipMessage
from b2bua.api.requests.catalogue import OPERATIONS
from b2bua.api.requests.operation import Refusal, reply_class
from b2bua.api.requests.plans import ExplainCall, PublishPlans, RestorePlan
from b2bua.api.requests.pool import PoolShown, ShowPool
from b2bua.api.requests.records import FindRecords
from b2bua.api.requests.voicemail import MarkMessages
from b2bua.api.requests.wire import decode, decode_reply, encode
from b2bua.base.errors import Conflict, NotFound, StoreError
from b2bua.console.protocol import FaultKind
from b2bua.records.call_record import CallRecord, CallState
from routing.ids import CallId

plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.req("S6")
def test_each_operation_has_one_implementation() -> None:
    """Every request class is what exactly one marked method of the classes in `api` takes."""
    found: Counter[str] = Counter()
    for module in pkgutil.iter_modules(api.__path__, "b2bua.api."):
        if not module.ispkg:
            for value in vars(importlib.import_module(module.name)).values():
                if isinstance(value, type) and value.__module__ == module.name:
                    found.update(kind.NAME for kind, _ in implemented(value))
    assert found == Counter(dict.fromkeys(OPERATIONS, 1))


@pytest.mark.req("S6", "T4")
@pytest.mark.parametrize("name", OPERATIONS)
def test_each_operation_says_all_of_itself(name: str) -> None:
    """Name, role, scope and reply stand on the class; both are attrs classes with a docstring."""
    kind = OPERATIONS[name]
    assert kind.ROLE
    assert kind.SCOPE
    for each in (kind, reply_class(kind)):
        assert attrs.has(each)
        assert each.__doc__


@given(st.sampled_from(sorted(OPERATIONS)), st.data())
def test_whatever_comes_is_a_request_or_a_refusal_that_names_the_field(name: str, data: st.DataObject) -> None:
    """F41: no fields, of any types, raise anything but a Refusal; what is accepted goes over the wire unchanged."""
    kind: Any = OPERATIONS[name]  # Any: attrs does not know that each of them is its class
    names = [field.name for field in attrs.fields(kind)]
    fields = data.draw(st.dictionaries(st.sampled_from([*names, "other"]), plain))
    try:
        request = decode(kind, fields)
    except Refusal as refusal:
        refused = refusal
    else:
        assert decode(kind, encode(request)) == request
        return
    assert refused.kind is FaultKind.BAD_REQUEST
    assert refused.faults
    assert {fault.path.split(".")[0] for fault in refused.faults} <= {*names, "other"}


@pytest.mark.parametrize(
    ("kind", "fields", "sentence"),
    [
        (FindRecords, {"most": True}, "most is True: it is an integer"),
        (
            FindRecords,
            {"from_ms": 2**63},
            "from_ms is 9223372036854775808: it is a time in UTC epoch",
        ),
        (FindRecords, {"blame": "god"}, "blame is 'god': it is one of success, "),
        (FindRecords, {"number": "4006"}, "number is no 400 number"),
        (FindRecords, {"color": 1}, "color is no field of this request: its fields: number, "),
        (PublishPlans, {}, "documents is missing"),
        (PublishPlans, {"documents": "text"}, "documents is 'text': it is a list"),
        (PublishPlans, {"documents": ["a", 1]}, "documents.1 is 1: it is a text"),
        (PublishPlans, {"documents": ["a"], "sources": ["x", "y"]}, "sources are 2 for 1 documents"),
        (PublishPlans, {"documents": []}, "documents is empty: name at least one"),
        (PublishPlans, {"documents": ["a"], "note": "x" * 20_000}, "note has 20000 characters: write at most "),
        (PublishPlans, {"documents": ["a"], "note": "\0"}, "note has a zero character: leave it out"),
        (FindRecords, [], "fields are no map: send them by name"),
        (FindRecords, {"blame": 1}, "blame is 1: it is one of success, "),
        (FindRecords, {"most": 0}, "most is 0: it is a number of rows from 1 to "),
        (FindRecords, {"number": 4006001234}, "number is 4006001234: it is a text"),
        (ShowCall, {"call_id": " "}, "call_id is empty: write it"),
        (MarkMessages, {"call_ids": []}, "call_ids has 0 items: name 1 to "),
        (ExplainCall, {"text": "", "busy": ["x"] * 100_000}, "busy has 100000 items: name at most "),
        (RestorePlan, {"number": "4006001234"}, "version"),
    ],
)
def test_the_sentence_names_the_field_and_the_mend(kind: Any, fields: dict[str, Any], sentence: str) -> None:
    """What a person reads when a program of theirs asks wrongly."""
    with pytest.raises(Refusal) as refused:
        decode(kind, fields)
    assert sentence in str(refused.value)


def test_a_reply_comes_back_as_it_was() -> None:
    """A call's record with its trace, and the messages, through plain fields."""
    from b2bua.base.serialization import pack, unpack

    record = CallRecord(
        "c", 1, "s", "400-600-1234", "", "", "", "t", "ab", CallState.TALKING, 5,
        trace=({"node": "hunt", "looked_at": {"a": "b"}},), evidence={"0": {"lost": 1}},
    )  # fmt: skip
    shown = CallShown(record, (SipMessage(5, 0, True, "INVITE"),), "")
    assert decode_reply(ShowCall(CallId("c")), unpack(pack(encode(shown)))) == shown


def test_what_is_no_reply_is_said() -> None:
    """Fields of another release: a ValueError that names the operation, for the client to say."""
    with pytest.raises(ValueError, match=r"the reply to call\.show is not one"):
        decode_reply(ShowCall(CallId("c")), {"record": 1})


def test_an_implementation_must_fit_its_operation() -> None:
    """A method for no operation, with another reply, or a second one for the same is a TypeError at import or start."""

    class Shows:
        @implements
        async def show(self, _: ShowPool, __: Asker) -> PoolShown:
            return PoolShown(())

    with pytest.raises(TypeError, match="first parameter must be annotated with a request class"):

        @implements  # type: ignore[type-var]  # what is refused
        async def none(self: object, _: int, __: Asker) -> PoolShown:
            return PoolShown(())

    with pytest.raises(TypeError, match="must return PoolShown, the reply to ShowPool"):

        @implements
        async def other(self: object, _: ShowPool, __: Asker) -> int:
            return 1

    with pytest.raises(TypeError, match=r"pool\.show is implemented twice"):
        Dispatcher(Shows(), Shows())


@pytest.mark.parametrize(
    ("error", "kind", "sentence"),
    [
        (NotFound("no such call"), FaultKind.NOT_FOUND, "no such call"),
        (Conflict("somebody was first"), FaultKind.CONFLICT, "somebody was first"),
        (
            OperationalError("SELECT 1", None, Exception("disk full")),
            FaultKind.UNAVAILABLE,
            "the database: disk full",
        ),
        (StoreError("it is full"), FaultKind.UNAVAILABLE, "it is full"),
        (OSError(28, "No space left on device"), FaultKind.UNAVAILABLE, "No space left on device"),
    ],
)
def test_what_the_rooms_below_raise_is_a_refusal(error: Exception, kind: FaultKind, sentence: str) -> None:
    """Each error that an operation may meet has its kind, and its sentence reaches whoever asked."""
    with pytest.raises(Refusal) as refusal, refusals():
        raise error
    assert refusal.value.kind is kind
    assert sentence in str(refusal.value)
    with pytest.raises(ZeroDivisionError), refusals():
        raise ZeroDivisionError
