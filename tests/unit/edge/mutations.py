"""Seeded damage to SIP messages."""

import random
from collections.abc import Sequence

SPICE = (
    b"\r\n", b"\r\n ", b"\n", b"\0", b"\xff\xfe", b";", b",", b"<", b">", b'"', b"\\", b"%00", b"%",
    b"@", b":", b"::1", b"[", b"]", b"=", b"*", b"-1", b"99999999999999999999", b"4294967296", b";tag=",
    b";tag=x;tag=y", b"sip:", b"sips:", b"tel:+1", b"SIP/2.0", b"ACK", b"CANCEL", b"INVITE",
    b"To: <sip:a@b>\r\n", b"Via: SIP/2.0/UDP x\r\n", b"Content-Length: 0\r\n",
    b"Content-Type: multipart/mixed;boundary=x\r\n", b"Require: x\r\n", b"\r\n\r\n",
    b"Record-Route: <sip:x;lr>\r\n", b"Max-Forwards: 0\r\n", b"a=rtpmap:0 speex/8000\r\n",
    b"m=audio 0 RTP/AVP 0\r\n", b"a=ptime:0\r\n", b"c=IN IP6 ::1\r\n", b"z9hG4bK", b"\xe4\xbd\xa0",
    b"A" * 300, b"; " * 50, b"(" * 80,
)  # fmt: skip


def mutated(originals: Sequence[bytes], chance: random.Random) -> bytes:
    """One of these messages with one to six things wrong with it."""
    packet = bytearray(chance.choice(originals))
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(packet) + 1)
        end = min(len(packet), at + chance.choice((1, 1, 2, 4, 8, 30, 200)))
        match chance.randrange(7):
            case 0 if at < len(packet):
                packet[at] = chance.randrange(256)
            case 1:
                del packet[at:end]
            case 2:
                packet[at:at] = packet[at:end]
            case 3:
                packet[at:at] = chance.choice(SPICE)
            case 4:
                packet[at:end] = chance.choice(SPICE)
            case 5:
                swap_lines(packet, chance)
            case _:
                other = chance.choice(originals)
                start = chance.randrange(len(other) + 1)
                packet[at:end] = other[start : start + chance.choice((5, 40, 400))]
    return bytes(packet)


def swap_lines(packet: bytearray, chance: random.Random) -> None:
    """Exchange two lines."""
    lines = bytes(packet).split(b"\r\n")
    a, b = chance.randrange(len(lines)), chance.randrange(len(lines))
    lines[a], lines[b] = lines[b], lines[a]
    packet[:] = b"\r\n".join(lines)
