"""Roles: what each may ask of the daemon, whoever says what about themselves."""

import getpass
import os
import stat
from collections.abc import AsyncIterator
from itertools import product
from pathlib import Path
from typing import Any, TypeVar, cast

import attrs
import pytest
import trio
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from b2bua.api.dispatch import Asker, Dispatcher, permit
from b2bua.api.requests.calls import HangUp, HungUp
from b2bua.api.requests.catalogue import OPERATIONS
from b2bua.api.requests.operation import Operation
from b2bua.cli import main
from b2bua.console.client_token import CredentialFault, find_token
from b2bua.console.feed import Feed
from b2bua.console.protocol import VERSION, Hello, Reply, Request, Role, Snapshot, Subscribe, Welcome
from b2bua.console.protocol import Refused as Refusing
from b2bua.console.rows import CALLS
from b2bua.control.authentication import Authentication
from b2bua.control.server import Control, listen
from b2bua.control.tokens import Tokens, TokensFault
from routing.ids import CallId
from tests.support.control_server import Far

CHANGES = {
    "call.hangup", "gateway.set", "missed.close", "plan.publish", "plan.restore", "trunk.set", "number.state",
    "voicemail.delete", "voicemail.mark",
}  # fmt: skip
ONLY_ADMINS = {"number.state"}
FIELDS: dict[str, dict[str, Any]] = {
    "call.hangup": {"call_id": "c"}, "call.show": {"call_id": "c"}, "gateway.set": {"name": "g", "service": "in"},
    "missed.close": {"call_id": "c", "note": "n"}, "number.state": {"number": "4006001234", "state": "active"},
    "plan.check": {"text": ""}, "plan.diff": {"text": ""}, "plan.explain": {"text": ""},
    "plan.history": {"number": "4006001234"}, "plan.publish": {"documents": [""]},
    "plan.restore": {"number": "4006001234", "version": 1}, "plan.show": {"number": "4006001234"},
    "report.calls": {"from_ms": 0, "to_ms": 1}, "trunk.set": {"name": "t", "service": "in"},
    "voicemail.delete": {"call_ids": ["c"]}, "voicemail.mark": {"call_ids": ["c"]},
}  # fmt: skip
"""Fields that each operation cannot be without."""
R = TypeVar("R")


@attrs.define
class House:
    """A control server with every operation there is; `done` is what was done, by whom."""

    path: Path
    tokens: Tokens
    done: list[tuple[str, Asker]]
    links: list[Far] = attrs.field(factory=list)

    async def link(self, token: str = "", role: Role = Role.ADMIN, who: str = "boss") -> tuple[Far, Any]:
        """A link, and the daemon's answer to its Hello."""
        far = Far(await trio.open_unix_socket(self.path))
        self.links.append(far)
        await far.send(Hello(VERSION, role, who, token))
        return far, await far.hear()


@pytest.fixture
async def house(tmp_path: Path, nursery: trio.Nursery) -> AsyncIterator[House]:
    """A house with nobody in its list."""
    done: list[tuple[str, Asker]] = []

    class Recorded(Dispatcher):
        """Whatever is decoded and permitted is done by being recorded."""

        operations = OPERATIONS

        async def perform(self, request: Operation[R], asker: Asker) -> R:
            permit(type(request), asker)
            done.append((request.NAME, asker))
            return cast("R", HungUp())

    tokens = Tokens(tmp_path / "tokens.toml")
    control = Control(Feed(), Recorded(), Authentication(Tokens(tmp_path / "tokens.toml")))
    await nursery.start(control.serve, listen(tmp_path / "control.sock"))
    made = House(tmp_path / "control.sock", tokens, done)
    yield made
    for far in made.links:
        await far.stream.aclose()


@pytest.mark.req("T4")
async def test_every_verb_in_every_role(house: House) -> None:
    """For each token's role, each role asked for and each verb: done in the lower of the two roles, or refused."""
    tokens = {role: house.tokens.add(f"the-{role}", role) for role in Role} | {None: ""}
    for (most, token), asked in product(tokens.items(), Role):
        far, welcome = await house.link(token, asked)
        role = asked if most is None or list(Role).index(asked) < list(Role).index(most) else most
        assert (welcome.role, welcome.name) == (
            role,
            f"the-{most}" if most else f"boss ({getpass.getuser()})",
        )
        for number, name in enumerate(OPERATIONS):
            await far.send(Request(number, name, FIELDS.get(name, {})))
            reply = await far.hear()
            may = role is Role.ADMIN or name not in CHANGES or (role is Role.OPERATOR and name not in ONLY_ADMINS)
            least = OPERATIONS[name].ROLE
            assert reply.ok == may, (role, name)
            assert house.done[-1:] == [(name, Asker(welcome.name, role))] or not may
            assert may or f"{name} needs the role {least}; this console has the role {role}" == reply.error
    allowed = {role: {name for name, by in house.done if by.role is role} for role in Role}
    assert allowed[Role.VIEWER] == set(OPERATIONS) - CHANGES
    assert allowed[Role.OPERATOR] == set(OPERATIONS) - ONLY_ADMINS


@pytest.mark.req("T4")
@pytest.mark.parametrize("token", ["guess", "s400_" + "A" * 43, " "])
async def test_an_unknown_token_is_refused(house: House, token: str) -> None:
    """A wrong token never falls back to what the owner of the socket may do."""
    house.tokens.add("li", Role.ADMIN)
    _, refused = await house.link(token)
    assert isinstance(refused, Refusing)
    assert "token is not known" in refused.why


@pytest.mark.req("T4")
async def test_a_removed_token_opens_nothing_and_shuts_out(house: House) -> None:
    """Whoever is linked by it is told and cut off; others stay; a lower role than before is as good as none."""
    li, lower, other = (house.tokens.add(name, Role.OPERATOR) for name in ("li", "lower", "other"))
    links = {name: (await house.link(token))[0] for name, token in (("li", li), ("lower", lower), ("other", other))}
    await links["li"].send(Subscribe((CALLS,)))
    assert isinstance(await links["li"].hear(), Snapshot)
    house.tokens.remove("li")
    assert "token was removed" in (await links["li"].hear()).why
    assert await links["li"].hear() is None
    file = house.path.with_name("tokens.toml")
    file.write_text(file.read_text().replace('"lower" = { role = "operator"', '"lower" = { role = "viewer"'))
    assert "token was removed, or changed" in (await links["lower"].hear()).why
    await links["other"].ask(1, HangUp(CallId("c")))
    assert await links["other"].hear() == Reply(1, ok=True)
    assert isinstance((await house.link(li))[1], Refusing)
    assert (await house.link(lower))[1] == Welcome(VERSION, Role.VIEWER, 0, "lower")


@pytest.mark.req("T4")
async def test_tokens_that_others_can_read_open_nothing(house: House) -> None:
    """A file of tokens with loose modes is refused as a whole, and the owner still gets in."""
    token = house.tokens.add("li", Role.VIEWER)
    house.path.with_name("tokens.toml").chmod(0o644)
    assert "its log says why" in (await house.link(token))[1].why
    assert isinstance((await house.link())[1], Welcome)


@given(st.integers(1, 2**31), st.sampled_from(Role), st.text(max_size=9))
def test_another_user_needs_a_token(uid: int, role: Role, who: str) -> None:
    """Nobody but root and the switch's own user is let in by their uid."""
    if uid == os.geteuid():
        return
    with pytest.raises(ValueError, match="a token is needed"):
        Authentication().authenticate(Hello(VERSION, role, who), uid)


def test_the_socket_of_a_group(tmp_path: Path) -> None:
    """A group's socket is open to its members and to nobody else; without one it is the owner's."""
    import grp

    group = grp.getgrgid(os.getegid()).gr_name
    with listen(tmp_path / "a.sock", group), listen(tmp_path / "b.sock"):
        assert stat.S_IMODE((tmp_path / "a.sock").stat().st_mode) == 0o660
        assert stat.S_IMODE((tmp_path / "b.sock").stat().st_mode) == 0o600
    with pytest.raises(LookupError):
        listen(tmp_path / "c.sock", "no-such-group")


names = st.from_regex(r"[a-z王李][a-z王李.@-]{0,4}", fullmatch=True)
wishes = st.lists(st.tuples(st.sampled_from(["add", "remove"]), names, st.sampled_from(Role)), max_size=8)


@given(wishes)
def test_the_file_says_what_was_wished(tmp_path_factory: pytest.TempPathFactory, wishes: list[Any]) -> None:
    """For any giving and taking: each token opens its own person's role, and none is in the file as it was given."""
    file = tmp_path_factory.mktemp("tokens") / "tokens.toml"
    tokens, reader = Tokens(file), Tokens(file)
    given: dict[str, tuple[str, Role]] = {}
    gone: list[str] = []
    for wish, name, role in wishes:
        if (wish == "add") == (name in given):
            with pytest.raises(TokensFault, match=name):
                tokens.add(name, role) if wish == "add" else tokens.remove(name)
        elif wish == "add":
            given[name] = (tokens.add(name, role), role)
        else:
            tokens.remove(name)
            gone.append(given.pop(name)[0])
        people = {name: reader.person(token) for name, (token, _) in given.items()}
        assert {name: person and person.role for name, person in people.items()} == {
            name: role for name, (_, role) in given.items()
        }
        assert [reader.person(token) for token in gone] == [None] * len(gone)
    if file.exists():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert not any(token in file.read_text() for token, _ in given.values())


@pytest.mark.parametrize("text", ['li = { role = "god" }', "li = 1", '".." = { role = "viewer" }', "li = {"])
def test_a_damaged_file_names_itself_and_the_line(tmp_path: Path, text: str) -> None:
    """What cannot be read opens nothing, and says where it is."""
    file = tmp_path / "tokens.toml"
    file.write_text(text)
    file.chmod(0o600)
    with pytest.raises(TokensFault, match=r"tokens\.toml"):
        Tokens(file).people()


@pytest.mark.req("T4")
def test_tokens_on_the_command_line(tmp_path: Path) -> None:
    """Given once, listed without its secret, written in the audit trail, taken back; faults are one line."""

    def run(*words: str) -> Any:
        return CliRunner().invoke(main, ["token", *words, "--state", str(tmp_path)], catch_exceptions=False)

    token = run("add", "li", "--role", "viewer").stdout.strip()
    person = Tokens(tmp_path / "tokens.toml").person(token)
    assert person is not None
    assert (person.name, person.role) == ("li", Role.VIEWER)
    listed = run("list").stdout
    assert "li" in listed
    assert "viewer" in listed
    assert token not in listed
    again = run("add", "li", "--role", "admin")
    assert (again.exit_code, again.stderr.count("\n")) == (2, 1)
    assert "remove it first" in again.stderr
    assert run("remove", "li").exit_code == 0
    assert "has no token" in run("remove", "li").stderr
    from b2bua.store.audit import entries
    from b2bua.store.store import Store

    store = Store.open(tmp_path / "switch400.db", tmp_path / "spool")
    with store.engine.connect() as connection:
        assert [(entry.operation, entry.subject) for entry in entries(connection)] == [
            ("token.remove", "li"),
            ("token.add", "li"),
        ]
    store.close()


def test_the_token_at_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file named comes before the environment, that before one's own file; one that others read is refused."""
    for name in ("SWITCH400_TOKEN", "SWITCH400_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert find_token() == ""
    files = [tmp_path / "switch400" / "token", tmp_path / "by-name", tmp_path / "by-environment"]
    files[0].parent.mkdir()
    for file in files:
        file.write_text(f"{file.name}\n")
        file.chmod(0o600)
    assert find_token() == "token"
    monkeypatch.setenv("SWITCH400_TOKEN_FILE", str(files[2]))
    assert find_token() == "by-environment"
    monkeypatch.setenv("SWITCH400_TOKEN", "said")
    assert find_token() == "said"
    assert find_token(files[1]) == "by-name"
    files[1].chmod(0o640)
    with pytest.raises(CredentialFault, match="chmod 600"):
        find_token(files[1])
    with pytest.raises(CredentialFault, match="none"):
        find_token(tmp_path / "none")
