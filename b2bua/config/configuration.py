"""Reads the configuration file (TOML): the settings as values, or one clear line for each fault.

Rule: every setting has a default that is safe on loopback; an unknown key or a wrong value is refused with its path,
before anything is started.
"""

import re
import tomllib
from collections.abc import Callable, Mapping
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any, Final, Literal, TypeVar, cast, get_args

import attrs
from cattrs import Converter, transform_error
from cattrs.errors import ForbiddenExtraKeysError
from cattrs.gen import make_dict_structure_fn, override

from b2bua.config.trunks import Gateway, Trunk
from routing.ids import TrunkName

LEAST_PORTS: Final = 16
"""One call may need so many for the RTP and RTCP of its legs."""
_T = TypeVar("_T")
_Table = dict[str, Any]  # Any: TOML may hold anything until cattrs has structured it
_KEY: Final = re.compile(r"\['([^']*)'\]")


class ConfigFault(ValueError):
    """The configuration has faults: one line for each, with its path and what to do."""


@attrs.frozen
class HostPort:
    """An IPv4 address and a port (0–65535; 0 lets the system choose)."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@attrs.frozen
class Sip:
    """The SIP edge. `listen` is for UDP and TCP; `public` is the address that far ends see (default: `listen`).

    `inside` is the loopback port that call processes send to; 0 chooses one and stores it in the state directory.
    `strangers` says how a request from a source that is no trunk is answered. `identity` is the host in the From of
    calls to targets (default: the public host).
    """

    listen: HostPort = HostPort("127.0.0.1", 5060)
    public: HostPort | None = None
    inside: int = attrs.field(default=0, validator=attrs.validators.in_(range(65536)))
    strangers: Literal["silence", "403"] = "silence"
    identity: str = ""


@attrs.frozen
class Media:
    """RTP: the local address, the ports (`low-high`, even numbers are taken), and codecs in order of preference."""

    address: str = attrs.field(default="127.0.0.1", validator=lambda _, __, text: _ipv4(text))
    ports: str = attrs.field(default="20000-29999", validator=lambda _, __, text: _port_range(text))
    codecs: tuple[Literal["PCMA", "PCMU", "G722"], ...] = ("PCMA", "PCMU")


@attrs.frozen
class Processes:
    """Call processes: `spare` kept ready, `most` in all, `rest_s` between two calls of one (PJSIP needs 0.6)."""

    spare: int = attrs.field(default=12, validator=attrs.validators.in_(range(1, 1001)))
    most: int = attrs.field(default=300, validator=attrs.validators.in_(range(1, 10001)))
    rest_s: float = attrs.field(default=0.6, validator=attrs.validators.ge(0.6))


@attrs.frozen
class Keeping:
    """Recordings and messages on disk.

    `key` is the file of the key that seals new recordings and messages (none: they are not sealed); `old_keys` are
    those of keys that sealed older ones. `notify` is a URL that gets a POST of JSON for each new voicemail message
    (empty: none).
    """

    key: Path | None = None
    old_keys: tuple[Path, ...] = ()
    notify: str = attrs.field(default="", validator=lambda _, __, text: _http_url(text))


@attrs.frozen
class Control:
    """The control socket: its path (default: `control.sock` in `state`) and the `group` that may connect to it.

    Members of `group` need a token (`b2bua.control.tokens`); empty: only the switch's user and root may connect.
    """

    socket: Path | None = None
    group: str = ""


@attrs.frozen
class Config:
    """All settings. `state` holds database, sockets and spool; `store` is an SQLAlchemy URL (default: SQLite there)."""

    state: Path = Path("/var/lib/switch400")
    store: str = ""
    sip: Sip = attrs.field(factory=Sip)
    media: Media = attrs.field(factory=Media)
    processes: Processes = attrs.field(factory=Processes)
    keeping: Keeping = attrs.field(factory=Keeping)
    control: Control = attrs.field(factory=Control)
    trunk: dict[str, Trunk] = attrs.field(factory=dict)
    gateway: dict[str, Gateway] = attrs.field(factory=dict)

    @property
    def control_socket(self) -> Path:
        """Where consoles connect."""
        return self.control.socket or self.state / "control.sock"

    @property
    def public(self) -> HostPort:
        """The address that far ends see."""
        return self.sip.public or self.sip.listen

    @property
    def identity(self) -> str:
        """Host part of the From URI of calls to targets."""
        return self.sip.identity or self.public.host


def read(path: Path) -> Config:
    """The configuration in a file. Raises `ConfigFault`, also when the file cannot be read."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigFault(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise ConfigFault(f"{path}: is not UTF-8 text") from error
    return parse(text, str(path))


def parse(text: str, source: str = "configuration") -> Config:
    """The configuration in a TOML text. Raises `ConfigFault` with every fault, each a line."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigFault(f"{source}: is not TOML: {error}") from error
    for kind in ("trunk", "gateway"):
        for name, table in _tables(document, kind, source):
            table["name"] = name
    try:
        return _converter().structure(document, Config)
    except Exception as error:
        faults = transform_error(error, path="", format_exception=_sentence)
        raise ConfigFault("\n".join(f"{source}: {_path_first(fault)}" for fault in faults)) from error


def _sentence(fault: BaseException, kind: type | None) -> str:
    match fault:
        case ForbiddenExtraKeysError():
            return f"{', '.join(sorted(fault.extra_fields))} is not a setting; see docs/switch400.example.toml"
        case KeyError():
            return f"{fault.args[0]} is missing"
        case ValueError():
            return str(fault.args[0] if fault.args else fault)
        case _ if choices := get_args(kind):
            return f"should be one of {', '.join(map(str, choices))}"
        case _:
            return f"should be {getattr(kind, '__name__', 'something else')}"


def _path_first(fault: str) -> str:
    """cattrs writes `sentence @ .path`; here the path comes first."""
    sentence, _, path = fault.rpartition(" @ ")
    plain = _KEY.sub(r".\1", path).lstrip(".")
    return f"{plain}: {sentence}" if plain else sentence


def _tables(document: _Table, kind: str, source: str) -> list[tuple[str, _Table]]:
    tables = document.get(kind, {})
    if not isinstance(tables, dict) or not all(isinstance(table, dict) for table in tables.values()):
        raise ConfigFault(f"{source}: {kind} must be tables such as [{kind}.carrier-a]")
    for name, table in tables.items():
        if "name" in table:
            raise ConfigFault(f"{source}: {kind}.{name}.name is not a setting; the table's name is the {kind}'s name")
    return list(tables.items())


def _converter() -> Converter:
    converter = Converter(forbid_extra_keys=True, detailed_validation=True)
    converter.register_structure_hook(HostPort, lambda text, _: host_port(text))
    converter.register_structure_hook(IPv4Network, lambda text, _: _network(text))
    converter.register_structure_hook(Path, lambda text, _: Path(_checked(text, str)))
    for kind in (int, bool, str):
        converter.register_structure_hook(kind, _checked)
    converter.register_structure_hook(float, lambda value, _: float(_checked(value, float)))
    converter.register_structure_hook(TrunkName, lambda text, _: TrunkName(_checked(text, str)))
    for table in (Sip, Media, Processes, Keeping, Trunk, Gateway):
        converter.register_structure_hook(table, _each_field(table, converter))
    return converter


def _each_field(table: type, converter: Converter) -> Callable[[Mapping[str, Any], Any], object]:
    """Validates field by field: attrs itself would stop at a table's first fault and hide the others."""

    # Any: attrs knows a field's type only at run time, and cattrs takes overrides as untyped keywords.
    def validated(field: "attrs.Attribute[Any]", check: Callable[..., object]) -> Any:
        def structure(value: object, _: object) -> object:
            made: object = converter.structure(value, cast("Any", field.type))
            check(None, field, made)
            return made

        return override(struct_hook=structure)

    fields = {field.name: validated(field, field.validator) for field in attrs.fields(table) if field.validator}
    return make_dict_structure_fn(
        table, converter, _cattrs_forbid_extra_keys=True, _cattrs_detailed_validation=True, **fields
    )


def _checked(value: object, kind: type[_T]) -> _T:
    """The value, if it is of this kind: nothing is converted, since `port = "5060"` is a mistake. Raises ValueError."""
    kinds = (int, float) if kind is float else (kind,)
    if not isinstance(value, kinds) or (isinstance(value, bool) and kind is not bool):
        raise ValueError(f"{value!r} should be {kind.__name__}")
    return cast("_T", value)


def _network(text: object) -> IPv4Network:
    try:
        return IPv4Network(_checked(text, str))
    except ValueError as error:
        raise ValueError(f"{text!r} should be an IPv4 network, such as 192.0.2.0/24 or 192.0.2.1") from error


def _ipv4(text: str) -> str:
    try:
        return str(IPv4Address(text))
    except ValueError as error:
        raise ValueError(f"{text!r} should be an IPv4 address, such as 192.0.2.1") from error


def _http_url(text: str) -> None:
    if text and not re.fullmatch(r"https?://[^\s/@]+(/\S*)?", text):
        raise ValueError(f"{text!r} should be a URL, such as https://example.com/voicemail")


def _port_range(text: str) -> None:
    low, dash, high = text.partition("-")
    ports = range(int(low), int(high)) if dash and low.isdecimal() and high.isdecimal() else range(0)
    if len(ports) < LEAST_PORTS or ports.start < 1024 or ports.stop > 65535:
        raise ValueError(
            f"{text!r} should be LOW-HIGH, such as 20000-29999, with at least {LEAST_PORTS} ports above 1023"
        )


def host_port(text: object) -> HostPort:
    """`HOST:PORT` with an IPv4 literal. Raises ValueError."""
    host, colon, port = str(text).rpartition(":")
    if not colon or not port.isdecimal() or int(port) > 65535:
        raise ValueError(f"{text!r} should be HOST:PORT, such as 192.0.2.1:5060")
    return HostPort(_ipv4(host), int(port))
