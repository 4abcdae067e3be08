"""The configuration: every fault at its path, all in one pass; the example is what it says."""

from ipaddress import IPv4Network
from pathlib import Path

import attrs
import pytest

from b2bua.config.configuration import Config, ConfigFault, HostPort, Media, Processes, Sip, parse, read

EXAMPLE = Path(__file__).parents[3] / "docs" / "switch400.example.toml"
FAULTY = """
stat = 3
state = 5
[sip]
listen = "x"
foo = 1
public = "300.1.1.1:5"
inside = 99999
strangers = "shout"
[media]
address = "localhost"
ports = "many"
codecs = ["PCMA", "G729"]
[processes]
spare = 0
most = "5"
rest_s = 0.1
[trunk.a]
sources = ["10.0.0.1/8", "x"]
capacity = -1
transport = "pigeon"
ping = "x"
[trunk.b]
[gateway.g]
port = 0
host = 3
ping = 3
"""
PATHS = (
    "state", "sip.listen", "sip", "sip.public", "sip.inside", "sip.strangers", "media.address", "media.ports",
    "media.codecs[1]", "processes.spare", "processes.most", "processes.rest_s", "trunk.a.sources[0]",
    "trunk.a.sources[1]", "trunk.a.capacity", "trunk.a.transport", "trunk.a.ping", "trunk.b.sources",
    "gateway.g.port", "gateway.g.host", "gateway.g.ping",
)  # fmt: skip


@pytest.mark.req("S5")
def test_every_fault_at_its_path() -> None:
    """All faults of a document are said in one pass, a line each, with the path in front."""
    with pytest.raises(ConfigFault) as caught:
        parse(FAULTY, "file.toml")
    lines = str(caught.value).splitlines()
    said = [line.removeprefix("file.toml: ").split(":")[0] for line in lines]
    assert sorted(said[:-1]) == sorted(PATHS)
    assert lines[-1] == "file.toml: stat is not a setting; see docs/switch400.example.toml"


@pytest.mark.req("S5")
@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("[sip", "is not TOML"),
        ("trunk = 3", "must be tables"),
        ('[trunk.a]\nname = "b"\nsources = []', "trunk.a.name is not a setting"),
        ('[sip]\nlisten = "127.0.0.1:70000"', "HOST:PORT"),
        ('[media]\nports = "20000-20010"', "at least 16 ports"),
        ('[media]\nports = "100-30000"', "above 1023"),
    ],
)
def test_a_fault_names_the_mend(text: str, word: str) -> None:
    """What is wrong is said with what should be there."""
    with pytest.raises(ConfigFault, match=word):
        parse(text)


@pytest.mark.req("S5")
def test_the_example_is_the_default() -> None:
    """The commented example parses, and apart from its trunk and gateway every value is the default."""
    example = read(EXAMPLE)
    assert attrs.evolve(example, trunk={}, gateway={}) == Config()
    assert example.trunk["carrier-a"].sources == (IPv4Network("192.0.2.0/24"),)
    assert example.gateway["carrier-a"].host == "192.0.2.1"


@pytest.mark.req("S5")
def test_every_setting_is_in_the_example() -> None:
    """No setting is missing from the example, so that it can be read as the list of them."""
    text = EXAMPLE.read_text(encoding="utf-8")
    for table in (Sip, Media, Processes):
        assert [field.name for field in attrs.fields(table) if f"{field.name} = " not in text] == []


@pytest.mark.req("S5")
def test_public_and_identity_follow_listen() -> None:
    """What is not said is taken from what is: public from listen, identity from public."""
    config = parse('[sip]\nlisten = "192.0.2.7:5062"')
    assert (config.public, config.identity) == (HostPort("192.0.2.7", 5062), "192.0.2.7")
    config = parse('[sip]\nlisten = "192.0.2.7:5062"\npublic = "198.51.100.1:5060"\nidentity = "sw.example"')
    assert (str(config.public), config.identity) == ("198.51.100.1:5060", "sw.example")


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    """A missing file and one that is not UTF-8 are one line each, with the file's name; a good one is read."""
    file = tmp_path / "switch400.toml"
    with pytest.raises(ConfigFault, match=r"switch400\.toml: cannot be read \(No such file"):
        read(file)
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigFault, match=r"switch400\.toml: is not UTF-8 text"):
        read(file)
    file.write_text('state = "/srv/switch"\n[control]\ngroup = "desk"\n', encoding="utf-8")
    assert (read(file).state, read(file).control_socket) == (Path("/srv/switch"), Path("/srv/switch/control.sock"))


def test_no_address_no_network() -> None:
    """Addresses are IPv4 literals: a name is refused at its path."""
    with pytest.raises(ConfigFault, match=r"media\.address: 'localhost' should be an IPv4 address"):
        parse('[media]\naddress = "localhost"\n')
