"""`switch400 phone`: a test telephone.

Rule: the line with `ready` is printed when calls can be taken, and not before.
"""

import os
import select
import sys

import click


@click.command(name="phone")
@click.option("--host", default="127.0.0.1", show_default=True, help="IPv4 address for SIP and RTP.")
@click.option("--port", default=5071, show_default=True, type=click.IntRange(0, 65535), help="UDP port.")
@click.option("--busy", "behaviour", flag_value="busy", help="Be busy (486).")
@click.option("--never", "behaviour", flag_value="never", help="Ring and never answer.")
@click.option("--reject", type=click.IntRange(400, 699), metavar="CODE", help="Refuse with this SIP status.")
@click.option(
    "--answer-after", default=0.0, type=click.FloatRange(min=0), metavar="S", help="Ring for this long, in seconds."
)
@click.option(
    "--hang-up-after", default=0.0, type=click.FloatRange(min=0), metavar="S", help="Talk for this long, in seconds."
)
@click.option("--tone", type=click.IntRange(0, 3400), metavar="HZ", help="Play a tone (440, unless --echo).")
@click.option("--echo", is_flag=True, help="Send back what is received, mixed with the tone if one is named.")
@click.option("--early-media", is_flag=True, help="Send audio while ringing (183).")
@click.option(
    "--while-stdin", is_flag=True, help="End when stdin closes, which happens when the program that started it ends."
)
def command(
    host: str,
    port: int,
    behaviour: str | None,
    reject: int | None,
    answer_after: float,
    hang_up_after: float,
    tone: int | None,
    echo: bool,
    early_media: bool,
    while_stdin: bool,
) -> None:
    """A telephone for tests: it answers with a tone, is busy, never answers, or refuses."""
    from b2bua.callproc.endpoint import run_and_leave, until_stopped
    from b2bua.callproc.phone import Behaviour, Phone, PhoneSetup

    if behaviour and reject is not None:
        raise click.UsageError("only one of --busy, --never and --reject can be given")
    setup = PhoneSetup(
        host=host,
        port=port,
        behaviour=Behaviour.REJECT if reject is not None else Behaviour(behaviour or "answer"),
        reject_status=reject or 480,
        answer_after_s=answer_after,
        tone_hz=tone if tone is not None else 0 if echo else 440,
        echo=echo,
        talk_s=hang_up_after,
        early_media=early_media,
    )

    def program() -> int:
        stopped = until_stopped()
        try:
            phone = Phone(setup, lambda line: print(line, flush=True))
        except OSError as fault:
            print(f"switch400 phone: {fault}", file=sys.stderr)
            return 1
        print(f"ready on {host}:{phone.port}: {setup.behaviour}", flush=True)
        phone.run(lambda: stopped() or (while_stdin and _is_closed(sys.stdin.fileno())))
        return 0

    run_and_leave(program)


def _is_closed(pipe: int) -> bool:
    ready, _, _ = select.select([pipe], [], [], 0)
    return bool(ready) and not os.read(pipe, 4096)
