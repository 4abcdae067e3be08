"""Wrong plan documents, each with the faults that it must be refused with: places, and a word of each problem.

Rule: a document is the good one below with one table or line more or other; a row is `(what, text, [(path, word), …])`.
"""

from tests.unit.routing.calls import HEAD, TWO_TARGETS

T = '[targets]\nfront-desk = "021-6228 8300"\nmobile = "138 0013 8000"\n'
END = '[nodes.end]\nkind = "release"\n'


def plan(extra: str) -> str:
    """A good document with something more at its end."""
    return TWO_TARGETS + extra


def node(body: str) -> str:
    """A good document whose start is the node `n` with this body."""
    return HEAD + 'start = "n"\n' + T + f"[nodes.n]\n{body}\n" + END


def target(value: str) -> str:
    """A good document with one target more, `x`, of this value."""
    return HEAD + T + f"x = {value}\n"


Row = tuple[str, str, list[tuple[str, str]]]

ROWS: list[Row] = [
    ("no TOML", "number = ", [("document", "is not TOML")]),
    ("empty", "", [("number", "missing"), ("subscriber", "missing"), ("targets", "missing")]),
    ("no number", HEAD.split("\n", 1)[1] + T, [("number", "missing")]),
    ("number of no carrier", HEAD.replace("600", "222") + T, [("number", "segment 4002")]),
    ("number too short", HEAD.replace("1234", "12") + T, [("number", "seven more digits")]),
    ("number is an integer", "number = 4006001234\n" + HEAD.split("\n", 1)[1] + T, [("number", "must be text")]),
    ("subscriber empty", HEAD.replace("示例公司", " ") + T, [("subscriber", "empty")]),
    ("subscriber a number", 'number = "400-600-1234"\nsubscriber = 3\n' + T, [("subscriber", "must be text")]),
    ("unknown key", HEAD + 'colour = "red"\n' + T, [("colour", "not known")]),
    ("unknown key, nearly right", HEAD + 'zon = "Asia/Shanghai"\n' + T, [("zon", "not known")]),
    ("unknown zone", HEAD + 'zone = "Europe/Berlin"\n' + T, [("zone", "not known")]),
    ("unknown profile", HEAD + 'profile = "classic"\n' + T, [("profile", "not known")]),
    ("too many forwards", HEAD + "max_forwards = 21\n" + T, [("max_forwards", "out of range")]),
    ("forwards not whole", HEAD + "max_forwards = 1.5\n" + T, [("max_forwards", "whole number")]),
    ("forwards true", HEAD + "max_forwards = true\n" + T, [("max_forwards", "whole number")]),
    ("record in quotes", HEAD + 'record = "yes"\n' + T, [("record", "true or false")]),
    ("start nowhere", HEAD + 'start = "x"\n' + T, [("start", "no node “x”")]),
    ("start at a gate", HEAD + 'start = "screen"\n' + T, [("start", "no node “screen”")]),
    ("targets a list", HEAD + 'targets = ["a"]\n', [("targets", "must be a table")]),
    ("no target", HEAD + "[targets]\n", [("nodes.hunt.targets", "none"), ("targets", "none")]),
    ("target name with a space", HEAD + '[targets]\n"a b" = "021-6228 8300"\n', [("targets.a b", "no name")]),
    ("local number", target('"62288300"'), [("targets.x", "no telephone number")]),
    ("Hong Kong target", target('"+852 2123 4567"'), [("targets.x", "Hong Kong")]),
    ("overseas target", target('"+1 415 555 0100"'), [("targets.x", "overseas")]),
    ("service target", target('"10086"'), [("targets.x", "service")]),
    ("400 target", target('"400-800-1234"'), [("targets.x", "400 number")]),
    ("bad SIP URI", target('"sip:a b@host"'), [("targets.x", "no SIP URI")]),
    ("SIP URI with a wild port", target('"sip:a@host:99999"'), [("targets.x", "no SIP URI")]),
    ("SIPS target", target('"sips:a@host"'), [("targets.x", "no SIP URI")]),
    ("target a number", target("3"), [("targets.x", "must be a table")]),
    ("target without address", target("{ ring_s = 20 }"), [("targets.x.address", "missing")]),
    (
        "ring wait too short",
        target('{ address = "021-6228 8301", ring_s = 3 }'),
        [("targets.x.ring_s", "out of range")],
    ),
    (
        "two faults in one target",
        target('{ address = "12", rings = 3 }'),
        [("targets.x.address", "no telephone number"), ("targets.x.rings", "not known")],
    ),
    (
        "hours nowhere",
        target('{ address = "021-6228 8301", hours = "work" }'),
        [("targets.x.hours", "no hours “work”")],
    ),
    ("closed nowhere", target('{ address = "021-6228 8301", closed = "x" }'), [("targets.x.closed", "no hours “x”")]),
    ("hours a number", target('{ address = "021-6228 8301", hours = 9 }'), [("targets.x.hours", "must be text")]),
    ("bad window", target('{ address = "021-6228 8301", hours = "Mon 8:30-9:00" }'), [("targets.x.hours", "no time")]),
    (
        "bad date",
        target('{ address = "021-6228 8301", authorised_until = "soon" }'),
        [("targets.x.authorised_until", "no date")],
    ),
    (
        "date a moment",
        target('{ address = "021-6228 8301", authorised_until = 2026-01-01T10:00:00 }'),
        [("targets.x.authorised_until", "no date")],
    ),
    (
        "21 targets without extensions",
        HEAD + "[targets]\n" + "".join(f'a{n} = "021-6228 83{n:02d}"\n' for n in range(21)),
        [("targets", "21 targets")],
    ),
    ("holiday is no date", 'holidays = ["may"]\n' + TWO_TARGETS, [("holidays.1", "no date")]),
    ("holiday backwards", 'holidays = ["2026-06-02..2026-06-01"]\n' + TWO_TARGETS, [("holidays.1", "ends before")]),
    ("holiday a number", "holidays = [5]\n" + TWO_TARGETS, [("holidays.1", "no date")]),
    ("hours within hours", plan('[hours]\na = "Mon 08:00-09:00"\nb = ["a"]\n'), [("hours.b", "names other hours")]),
    ("hunt of nobody", plan("[hunt]\ntargets = []\n"), [("hunt.targets", "none")]),
    ("hunt of a stranger", plan('[hunt]\ntargets = ["front-desk", "x"]\n'), [("hunt.targets.2", "no target “x”")]),
    ("hunt twice", plan('[hunt]\ntargets = ["mobile", "mobile"]\n'), [("hunt.targets.2", "twice")]),
    ("unknown order", plan('[hunt]\norder = "seq"\n'), [("hunt.order", "not known")]),
    ("hunt is text", HEAD + 'hunt = "x"\n' + T, [("hunt", "must be a table")]),
    ("hunt beside nodes", plan("[hunt]\nring_s = 20\n" + END), [("hunt", "without nodes")]),
    ("nodes a list", HEAD + "nodes = []\n" + T, [("nodes", "must be a table"), ("start", "missing")]),
    ("node a text", HEAD + T + '[nodes]\nn = "x"\n', [("nodes.n", "must be a table")]),
    ("node without kind", node("prompts = []"), [("nodes.n", "no kind")]),
    ("node of unknown kind", node('kind = "manu"'), [("nodes.n", "no known kind")]),
    ("a gate among the nodes", plan('[nodes.screen]\nkind = "release"\n' + END), [("nodes.screen", "kept for")]),
    ("branch nowhere", node('kind = "announce"\nprompts = ["a"]\nthen = "x"'), [("nodes.n.then", "no node “x”")]),
    ("branch to a gate", node('kind = "announce"\nprompts = ["a"]\nthen = "screen"'), [("nodes.n.then", "no node")]),
    ("announcement without way", node('kind = "announce"\nprompts = ["a"]'), [("nodes.n.then", "missing")]),
    (
        "no otherwise",
        node('kind = "time"\nbranches = [{ when = "Mon 08:00-09:00", then = "end" }]'),
        [("nodes.n.otherwise", "missing")],
    ),
    ("time without branches", node('kind = "time"\nbranches = []\notherwise = "end"'), [("nodes.n.branches", "none")]),
    (
        "time that names none",
        node('kind = "time"\nbranches = [{ when = [], then = "end" }]\notherwise = "end"'),
        [("nodes.n.branches.1.when", "names no time")],
    ),
    (
        "time by unknown hours",
        node('kind = "time"\nbranches = [{ when = "x", then = "end" }]\notherwise = "end"'),
        [("nodes.n.branches.1.when", "no hours “x”")],
    ),
    (
        "origin that names none",
        node('kind = "origin"\nbranches = [{ then = "end" }]\notherwise = "end"'),
        [("nodes.n.branches.1", "names no caller")],
    ),
    (
        "origin by unknown list",
        node('kind = "origin"\nbranches = [{ lists = ["x"], then = "end" }]\notherwise = "end"'),
        [("nodes.n.branches.1.lists", "no list “x”")],
    ),
    (
        "area of no form",
        node('kind = "origin"\nbranches = [{ areas = ["21"], then = "end" }]\notherwise = "end"'),
        [("nodes.n.branches.1.areas.1", "no area code")],
    ),
    (
        "trailing digits",
        node('kind = "origin"\nbranches = [{ prefixes = ["*8888"], then = "end" }]\notherwise = "end"'),
        [("nodes.n.branches.1.prefixes.1", "no prefix")],
    ),
    (
        "mobile prefix with a 0",
        plan('[screen]\nblack = { prefixes = ["0138"] }\n'),
        [("screen.black.prefixes.1", "never fits")],
    ),
    (
        "half a number",
        plan('[screen]\nblack = { numbers = ["6228"] }\n'),
        [("screen.black.numbers.1", "no whole number")],
    ),
    ("unknown class", plan('[screen]\nrefuse = ["phone"]\n'), [("screen.refuse.1", "not known")]),
    ("unknown black list", plan('[screen]\nblack = { lists = ["x"] }\n'), [("screen.black.lists", "no list “x”")]),
    ("gate with a way", plan('[screen]\nthen = "hunt"\n'), [("screen.then", "lead to its start")]),
    (
        "list in a list",
        plan('[lists.a]\nareas = ["021"]\n[lists.b]\nlists = ["a"]\n'),
        [("lists.b.lists", "list in a list")],
    ),
    (
        "percentages",
        node('kind = "share"\nbranches = [{ percent = 37, then = "end" }, { percent = 62, then = "end" }]'),
        [("nodes.n.branches", "add up to 99")],
    ),
    ("share of nobody", node('kind = "share"\nbranches = []'), [("nodes.n.branches", "none")]),
    (
        "percent 0",
        node('kind = "share"\nbranches = [{ percent = 0, then = "end" }]'),
        [("nodes.n.branches.1.percent", "out of range")],
    ),
    (
        "menu without keys",
        node('kind = "menu"\nprompts = ["a"]\nkeys = {}\notherwise = "end"'),
        [("nodes.n.keys", "none")],
    ),
    (
        "menu without prompts",
        node('kind = "menu"\nprompts = []\nkeys = { 1 = "end" }\notherwise = "end"'),
        [("nodes.n.prompts", "none")],
    ),
    (
        "no key",
        node('kind = "menu"\nprompts = ["a"]\nkeys = { 12 = "end" }\notherwise = "end"'),
        [("nodes.n.keys.12", "no key")],
    ),
    (
        "menu of no extensions",
        node('kind = "menu"\nprompts = ["a"]\nkeys = {}\nextensions = true\notherwise = "end"'),
        [("nodes.n.extensions", "the plan has none")],
    ),
    ("queue for no hunt", node('kind = "queue"\nthen = "end"\notherwise = "end"'), [("nodes.n.then", "no hunt")]),
    ("extension nowhere", plan('[extensions]\n801 = "x"\n'), [("extensions.801", "no hunt or target “x”")]),
    (
        "extension of two meanings",
        plan('[extensions]\n801 = "mobile"\n[nodes.mobile]\nkind = "hunt"\n'),
        [("extensions.801", "a hunt and a target")],
    ),
    ("extension too short", plan('[extensions]\n8 = "mobile"\n'), [("extensions.8", "no extension")]),
    ("password too short", plan('[verify]\npassword = "12"\n'), [("verify.password", "no password")]),
    ("no password", plan("[verify]\ntries = 2\n"), [("verify.password", "missing")]),
    ("limit elsewhere without way", node('kind = "limit"\nmonth_calls = 3'), [("nodes.n.then", "missing")]),
    ("money a float", plan("[limit]\nmonth_cost = 3.5\n"), [("limit.month_cost", "no sum of money")]),
    ("money too fine", plan('[limit]\nmonth_cost = "0.0001"\n'), [("limit.month_cost", "no sum of money")]),
    ("money in words", plan('[limit]\nmonth_cost = "much"\n'), [("limit.month_cost", "no sum of money")]),
    (
        "transfer codes alike",
        plan('[transfer]\nblind = "*1"\nattended = "*12"\n'),
        [("transfer.attended", "told apart")],
    ),
    ("transfer code with a letter", plan('[transfer]\nblind = "A"\n'), [("transfer.blind", "cannot be keyed")]),
    ("mailbox that is a path", node('kind = "voicemail"\nmailbox = "../x"'), [("nodes.n.mailbox", "no name")]),
    (
        "a circle",
        node('kind = "announce"\nprompts = ["a"]\nthen = "m"')
        + '[nodes.m]\nkind = "announce"\nprompts = ["b"]\nthen = "n"\n',
        [("nodes.m", "go round"), ("nodes.n", "go round")],
    ),
    (
        "too many time segments for the classic profile",
        'profile = "carrier-classic"\n'
        + node(
            'kind = "time"\notherwise = "end"\nbranches = [{ when = ['
            + ", ".join(f'"Mon 0{hour}:00-0{hour}:30"' for hour in range(5))
            + '], then = "end" }]'
        ),
        [("profile", "5 time segments")],
    ),
]
