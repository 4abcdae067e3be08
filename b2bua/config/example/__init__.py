"""The worked example of `make run`: a 400 number, a trunk that trusts loopback, and two test telephones.

Rule: it is an ordinary configuration and an ordinary plan; the switch does not treat it specially.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import attrs

from b2bua.config.configuration import Config, HostPort, Sip, parse

NUMBER: Final = "400-600-1234"
CALLER: Final = "02112345678"
_HOST: Final = "127.0.0.1"
_TONE_HZ: Final = 440

_CONFIG = """
[trunk.loopback]
sources = ["127.0.0.0/8"]
"""

_PLAN = """\
# The example of `make run`: the front desk is always busy, so the call is forwarded to the mobile.
number = "{number}"
subscriber = "示例公司"

[targets]
front-desk = "sip:front-desk@{host}:{busy_port}"
mobile = "sip:mobile@{host}:{tone_port}"
"""


def config(state: Path, port: int) -> Config:
    """The configuration of the example, listening on loopback at `port`."""
    return attrs.evolve(parse(_CONFIG, "example"), state=state, sip=Sip(listen=HostPort(_HOST, port)))


def plan(port: int) -> str:
    """The plan document of the example, for test telephones beside `port`."""
    busy_port, tone_port = phone_ports(port)
    return _PLAN.format(number=NUMBER, host=_HOST, busy_port=busy_port, tone_port=tone_port)


def phone_ports(port: int) -> tuple[int, int]:
    """The SIP ports of the two test telephones: the busy one, and the one that answers with a tone."""
    return port + 11, port + 12


@contextmanager
def phones(port: int) -> Iterator[None]:
    """The two test telephones, as processes of their own, until the end of the block or of this process."""
    busy_port, tone_port = phone_ports(port)
    wishes = [[str(busy_port), "--busy"], [str(tone_port), "--tone", str(_TONE_HZ), "--echo"]]
    with ExitStack() as stack:
        for wish in wishes:
            command = [sys.executable, "-m", "b2bua", "phone", "--while-stdin", "--port", *wish]
            phone = stack.enter_context(
                subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True)
            )
            stack.callback(phone.terminate)
        yield


def welcome(port: int) -> str:
    """What `make run` prints when it is ready: the addresses, and three commands to try."""
    at = "" if port == 5060 else f" --to {_HOST}:{port}"
    switch400 = Path(sys.argv[0]).name if sys.argv[0].startswith("/usr") else ".venv/bin/switch400"
    return f"""
switch400 listens on {_HOST}:{port} (UDP and TCP). The example number is {NUMBER};
its first target is a busy telephone, its second answers with a tone of {_TONE_HZ} Hz and an echo.

Try, in another terminal:
    {switch400} call {NUMBER.replace("-", "")} --from {CALLER}{at}
    {switch400} cdr
    {switch400} console

Ctrl-C ends it.
"""
