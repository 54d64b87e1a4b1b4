"""What is asked, in flowagg's words and in those of the others."""

from dataclasses import dataclass

V2 = (
    "version account_id interface_id srcaddr dstaddr srcport dstport protocol packets bytes "
    "start end action log_status"
).split()
V5 = V2 + (
    "vpc_id subnet_id instance_id tcp_flags type pkt_srcaddr pkt_dstaddr region az_id "
    "sublocation_type sublocation_id pkt_src_aws_service pkt_dst_aws_service flow_direction "
    "traffic_path"
).split()
TOP = 10

EVERYONE = "flowagg mawk wc duckdb polars datafusion chdb".split()
LIBRARIES = "flowagg wc duckdb polars datafusion chdb".split()


@dataclass(frozen=True)
class Question:
    """Sums bytes by `keys` where the `tests` hold: a column, and the values it may have. A value
    such as 10.0.0.0/8 is a prefix; it ends at a point, so that it is the beginning of a text too.

    `source` says how the records come: file, stdin, gzip (many files), one (a gzip stream), v5,
    zstd or deflate (Parquet)."""

    name: str
    title: str
    source: str
    rule: str
    keys: tuple
    tests: tuple
    asked: tuple
    # Who only reads, and so sets the floor.
    floor: str = "wc"
    # What flowagg is asked with instead of a rule: a verb, and what goes with it. Then an answer is
    # the rows that the verb lists.
    words: tuple = ()
    # The columns that whoever has types for columns reads as numbers, beside bytes.
    numbers: tuple = ()
    # The column whose different values are counted, instead of bytes summed.
    unique: str = ""
    # The seconds that a bin of time has; then all bins are listed, by key and time.
    bin: int = 0
    # Several lists in one pass, each by its own keys; `keys` are all of theirs.
    lists: tuple = ()

    @property
    def columns(self) -> list:
        return V5 if self.source == "v5" else V2

    @property
    def is_parquet(self) -> bool:
        return self.source in ("zstd", "deflate")

    @property
    def is_gzip(self) -> bool:
        return self.source in ("gzip", "one")


ACCEPT = ("rules/top_srcaddr_accept_rule.json", ("srcaddr",), (("action", ("ACCEPT",)),))
PAIRS = ("rules/data_transfer_rule.json", ("srcaddr", "dstaddr"), ())
FLOWS = ("benches/rules/flows_rule.json", ("srcaddr", "dstaddr", "srcport", "dstport"), ())
WEB = (
    "benches/rules/v5_web_rule.json",
    ("pkt_srcaddr", "flow_direction"),
    (("dstport", ("80", "443")), ("protocol", ("6",))),
)
INWARD = (("dstaddr", ("10.0.0.0/8",)), ("dstport", ("22", "443", "3389")))
TUPLE = ("srcaddr", "dstaddr", "srcport", "dstport", "protocol")
LISTS = (("srcaddr",), ("dstaddr",), ("srcaddr", "dstaddr"), ("dstport",), ("interface_id",))
WITH_ISAL = (*EVERYONE, "isal")
PARQUET = tuple(name for name in LIBRARIES if name != "wc")
QUESTIONS = [
    Question("accept", "accepted bytes by srcaddr", "file", *ACCEPT, tuple(EVERYONE)),
    Question("pairs", "bytes by srcaddr, dstaddr", "file", *PAIRS, tuple(EVERYONE)),
    Question("gzip", "accept over 100 gzip files", "gzip", *ACCEPT, WITH_ISAL, "isal"),
    Question("one", "accept over one gzip stream", "one", *ACCEPT, WITH_ISAL, "isal"),
    Question("stdin", "accept over a pipe", "stdin", *ACCEPT, ("flowagg", "mawk", "wc")),
    # 16 million groups in 20 million lines; mawk would need more memory than most machines have.
    Question("flows", "bytes by addresses and ports", "file", *FLOWS, tuple(LIBRARIES)),
    Question(
        "v5",
        "web bytes of version 5 lines, 29 columns",
        "v5",
        *WEB,
        tuple(EVERYONE),
    ),
    Question("parquet-zstd", "accept over Parquet with zstd", "zstd", *ACCEPT, PARQUET, ""),
    Question("parquet-gzip", "accept over Parquet with gzip", "deflate", *ACCEPT, PARQUET, ""),
    Question(
        "where",
        "bytes by srcaddr into a prefix, three ports",
        "file",
        *("", ("srcaddr",), INWARD),
        tuple(EVERYONE),
        words=("top", "src", "--where", "dst net 10.0.0.0/8 and dst port in [22 443 3389]"),
        numbers=("dstport",),
    ),
    Question(
        "unique",
        "different dstaddr by srcaddr",
        "file",
        *("", ("srcaddr",), ()),
        tuple(LIBRARIES),
        words=("top", "src", "--by", "unique(dstaddr)"),
        unique="dstaddr",
    ),
    Question(
        "tuple",
        "bytes by five keys together",
        "file",
        *("", TUPLE, ()),
        tuple(LIBRARIES),
        words=("top", "5tuple"),
        numbers=("srcport", "dstport", "protocol"),
    ),
    Question(
        "lists",
        "bytes by each of five keys, in one pass",
        "file",
        *("", ("srcaddr", "dstaddr", "dstport", "interface_id"), ()),
        tuple(LIBRARIES),
        words=("top", *"--top src --top dst --top pair --top dport --top interface".split()),
        numbers=("dstport",),
        lists=LISTS,
    ),
    Question(
        "hours",
        "bytes by hour",
        "file",
        *("", (), ()),
        tuple(EVERYONE),
        words=("series", "--bin", "1h"),
        numbers=("start",),
        bin=3600,
    ),
    Question(
        "hours-action",
        "bytes by action and hour",
        "file",
        *("", ("action",), ()),
        tuple(EVERYONE),
        words=("series", "action", "--bin", "1h"),
        numbers=("start",),
        bin=3600,
    ),
]
QUESTIONS = {question.name: question for question in QUESTIONS}
