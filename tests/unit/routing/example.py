"""A plan that uses everything, as one company might have it."""

import attrs
from hypothesis import strategies as st

from routing import document
from routing.ids import NodeName
from routing.node import NEXT, Hunt, Order, Screen
from routing.plan import GATES, Plan

WHOLE = """\
number = "400-622-8300"
subscriber = "示例科技有限公司"
start = "hours"
welcome = "welcome"
record = true
holidays = ["2026-12-24..2026-12-25", 2026-06-01]

[targets]
front-desk = { address = "021-6228 8300", hours = "work", capacity = 2 }
sales-1 = "021-6228 8301"
sales-2 = { address = "0755-8888 1234", ring_s = 20 }
sales-3 = "sip:sales@pbx.example.com:5070;transport=tcp"
duty = { address = "138 0013 8000", closed = ["work", "2026-10-01 00:00-24:00"], authorised_until = 2027-12-31 }
fax = "021-6228 8399"

[hours]
work = ["Mon-Fri 08:30-17:30", "Sat 08:30-12:00"]

[lists.vip]
numbers = ["139 1234 5678"]
prefixes = ["1391234"]
areas = ["0755"]

[extensions]
801 = "sales"
802 = "duty"

[transfer]
music = "transfer-music"

[screen]
black = { numbers = ["021-5555 0000"], prefixes = ["0591"] }
white = { lists = ["vip"] }
white_is = "priority"
areas_never = ["0898"]
refuse = ["payphone", "campus"]

[limit]
month_cost = "300.00"
month_calls = 10000
mode = "switchboard"
over = "wait"

[verify]
password = "2580"

[nodes.hours]
kind = "time"
otherwise = "night"
branches = [{ when = "holiday 00:00-24:00", then = "night" }, { when = "work", then = "place" }]

[nodes.place]
kind = "origin"
branches = [{ areas = ["0755", "020"], then = "split" }, { numbers = ["010-1234 5678"], then = "desk" }]
otherwise = "menu"

[nodes.split]
kind = "share"
branches = [{ percent = 37, then = "sales" }, { percent = 63, then = "desk" }]

[nodes.menu]
kind = "menu"
prompts = ["menu"]
keys = { 1 = "sales", 2 = "desk", 4 = "fax-line", 0 = "sorry", "*" = "menu" }
extensions = true
otherwise = "desk"

[nodes.sales]
kind = "hunt"
order = "round-robin"
targets = ["sales-1", "sales-2", "sales-3"]
otherwise = "mailbox"

[nodes.desk]
kind = "hunt"
targets = ["front-desk", "duty"]
busy_advance = "after-wait"
busy = "wait"
announce = "busy"

[nodes.fax-line]
kind = "hunt"
targets = ["fax"]
fax = true

[nodes.wait]
kind = "queue"
then = "sales"
otherwise = "mailbox"

[nodes.night]
kind = "announce"
prompts = ["closed"]
then = "night-duty"

[nodes.night-duty]
kind = "hunt"
targets = ["duty"]
otherwise = "mailbox"

[nodes.mailbox]
kind = "voicemail"
mailbox = "office"

[nodes.sorry]
kind = "release"
cause = "busy"
announce = "busy"
"""

PLAN = document.parse(WHOLE)


@st.composite
def entered_anywhere(draw: st.DrawFn) -> Plan:
    """The plan above, entered at any of its nodes, with or without its gates, its hunts in any order."""
    order = draw(st.sampled_from(Order))
    nodes = {
        name: attrs.evolve(node, order=order) if isinstance(node, Hunt) else node
        for name, node in PLAN.nodes.items()
        if name not in GATES
    }
    gates = {name: PLAN.nodes[name] for name in draw(st.sets(st.sampled_from(GATES)))}
    nodes.update({GATES[0]: Screen(NEXT, overseas=True), **gates})
    start = draw(st.sampled_from(sorted(set(nodes) - set(GATES))))
    return attrs.evolve(PLAN, nodes=nodes, start=NodeName(start), max_forwards=draw(st.none() | st.integers(0, 3)))
