"""Makes the logs that are asked: `python3 benches/logs.py KIND TARGET ARGUMENT...`.

Everything follows from the first log, which `flowagg gen` makes, and from fixed seeds: the same
bytes everywhere. Each kind is made in a process of its own, two at a time, so that the process
that measures stays small. A target is there whole or not at all.
"""

import gzip
import itertools
import math
import os
import random
import shlex
import shutil
import subprocess
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from measuring import ROOT, shown
from questions import V2, V5

PARTS = 100
HEADER = (" ".join(V2).replace("_", "-") + "\n").encode()
PARQUET = ("version srcport dstport protocol", "packets bytes start end")  # INT and BIGINT
COPIES = 20
JOINED_BYTES = 1 << 20


# ---- What the kinds are; each writes to a target that does not exist yet. ----


def make_gen(target: Path, flowagg: str, lines: str) -> None:
    """The log itself: version 2, no header."""
    with target.open("wb") as out:
        make = [flowagg, "gen", "--lines", lines, "--seed", "1"]
        subprocess.run(make, stdout=out, check=True)


def make_head(target: Path, log: str, lines: str) -> None:
    """The first lines of the log."""
    with target.open("wb") as out:
        subprocess.run(["head", "-n", lines, log], stdout=out, check=True)


def make_parts(target: Path, log: str) -> None:
    """The log in `PARTS` gzip files, cut at line ends."""
    target.mkdir()
    size = os.path.getsize(log) // PARTS
    with open(log, "rb") as lines:
        for part in range(PARTS):
            text = lines.read(size) + lines.readline()
            (target / f"part-{part:03}.log.gz").write_bytes(gzip.compress(text, 6, mtime=0))


def make_one(target: Path, log: str) -> None:
    """The log in one gzip stream of one member."""
    with open(log, "rb") as text, target.open("wb") as out:
        with gzip.GzipFile("", "wb", 6, out, mtime=0) as stream:
            shutil.copyfileobj(text, stream, 1 << 20)


def make_v5(target: Path, flowagg: str, lines: str) -> None:
    """Lines with all columns up to version 5 and a header, 5 % of them of IPv6."""
    make = [flowagg, "gen", "--lines", lines, "--seed", "1", "--ipv6", "5%"]
    made = subprocess.Popen(make, stdout=subprocess.PIPE)
    with target.open("wb") as out:
        out.write((" ".join(V5).replace("_", "-") + "\n").encode())
        for lines in iter(lambda: made.stdout.readlines(1 << 20), []):
            out.write(b"".join(map(widened, lines)))
    if made.wait():
        sys.exit("flowagg gen failed")


PRIVATE = (b"10.", b"172.", b"192.168.", b"2600:1f18:")
FLAGS = (b"0", b"2", b"18", b"19", b"3", b"0", b"0", b"2", b"4", b"18")
SERVICES = (b"-", b"-", b"AMAZON", b"-", b"-", b"EC2", b"-", b"S3", b"-", b"-")
ZONES = ((b"us-east-1", b"use1-az1"), (b"us-east-1", b"use1-az4"), (b"eu-west-1", b"euw1-az2"))


class Interfaces(dict):
    """What versions 3 and 4 say of an interface: before its flows, after them, and whether it is
    a middle hop, so that packets have other addresses."""

    def __missing__(self, name: bytes) -> tuple:
        number = zlib.crc32(name)
        region, zone = ZONES[number % len(ZONES)]
        hop = number % 8 == 0
        instance = b"-" if hop else b"i-0%08x%08x" % (number, number ^ 0x5BD1E995)
        ids = b"vpc-0%016x subnet-0%016x %s" % (number % 5, number % 17, instance)
        self[name] = (ids, b"%s %s - -" % (region, zone), hop)
        return self[name]


INTERFACES = Interfaces()


def widened(line: bytes) -> bytes:
    """A line of version 2 as version 5 has it: made up, but as AWS's documents say it goes
    together."""
    values = line[2:-1].split(b" ")
    source, target, protocol = values[2], values[3], values[6]
    ids, place, hop = INTERFACES[values[1]]
    if source == b"-":
        return b"5 %s %s - - - - %s - - - -\n" % (line[2:-1], ids, place)
    kind = b"IPv6" if b":" in source else b"IPv4"
    flags = FLAGS[values[8][-1] - 48] if protocol == b"6" else b"0"
    away, home = target.startswith(PRIVATE), source.startswith(PRIVATE)
    is_ingress = away and (not home or values[4] < values[5])
    path = b"-" if is_ingress else b"1" if away else b"8"
    packet = source
    if hop and kind == b"IPv4":
        port = int(values[4])
        packet = b"100.64.%d.%d" % (port >> 8, port & 255)
    return b"5 %s %s %s %s %s %s %s %s %s %s %s\n" % (
        line[2:-1],
        ids,
        flags,
        kind,
        packet,
        target,
        place,
        b"-" if home else SERVICES[(source[-1] & 15) % 10],
        b"-" if away else SERVICES[(target[-1] & 15) % 10],
        b"ingress" if is_ingress else b"egress",
        path,
    )


def make_objects(target: Path, log: str, count: str) -> None:
    """Gzip objects of 300 B to 100 KB, as many small ones as their logarithms are even, under keys
    such as AWS gives them, and in `joined` the same text in files of one member and `JOINED_BYTES`
    or less: longer ones are not what S3 has, and flowagg decodes them in another way. A header
    begins each object's text. There are `COPIES` objects of each text, far from each other."""
    count, sizes = int(count), random.Random(1)
    with open(log, "rb") as lines:
        contents = [object_bytes(lines, sizes) for _ in range(max(1, count // COPIES))]
    for number, content in zip(range(count), itertools.cycle(contents)):
        path = target / "AWSLogs" / object_key(number)
        if number % 10 == 0:
            path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (target / "joined").mkdir()
    for number, own in enumerate(bundles(contents)):
        whole = gzip.compress(b"".join(map(gzip.decompress, own)), 6, mtime=0)
        for copy in range(COPIES):
            (target / "joined" / f"{copy:02}-{number:04}.log.gz").write_bytes(whole)


def bundles(contents: list):
    """The contents in turn, as many together as are no longer than `JOINED_BYTES`."""
    own, size = [], 0
    for content in contents:
        if own and size + len(content) > JOINED_BYTES:
            yield own
            own, size = [], 0
        own.append(content)
        size += len(content)
    yield own


def object_bytes(lines, sizes: random.Random) -> bytes:
    """The next lines of the log in an object of about a size that is drawn; a second try where
    the first guess of their number is far off."""
    size = math.exp(sizes.uniform(math.log(300), math.log(100_000)))
    guess = max(1, round((size - 110) / 28))
    taken = list(itertools.islice(lines, guess))
    content = gzip.compress(HEADER + b"".join(taken), 6, mtime=0)
    if abs(len(content) / size - 1) > 0.1:
        guess = max(1, round(guess * (size - 110) / (len(content) - 110)))
        taken += itertools.islice(lines, max(0, guess - len(taken)))
        content = gzip.compress(HEADER + b"".join(taken[:guess]), 6, mtime=0)
    return content


def object_key(number: int) -> str:
    """Ten objects for each five minutes."""
    slot, account = number // 10, "111122223333"
    day, minute = slot // 288, slot % 288 * 5
    date = f"2023/{11 + day // 28:02}/{1 + day % 28:02}"
    name = f"{account}_vpcflowlogs_us-east-1_fl-0123456789abcdef0"
    stamp = f"{date.replace('/', '')}T{minute // 60:02}{minute % 60:02}Z"
    mark = zlib.crc32(str(number).encode())
    return f"{account}/vpcflowlogs/us-east-1/{date}/{name}_{stamp}_{mark:08x}.log.gz"


def make_parquet(target: Path, log: str, codec: str) -> None:
    """The log as Parquet with the names and types of AWS; needs duckdb."""
    import duckdb

    types = dict.fromkeys(PARQUET[0].split(), "INTEGER")
    types.update(dict.fromkeys(PARQUET[1].split(), "BIGINT"))
    columns = {name: types.get(name, "VARCHAR") for name in V2}
    table = (
        f"read_csv('{log}', columns = {columns}, delim = ' ', header = false, nullstr = '-', "
        "quote = '', escape = '', auto_detect = false)"
    )
    connection = duckdb.connect(config={"threads": 1})
    form = f"(FORMAT parquet, COMPRESSION {codec})"
    connection.execute(f"COPY (SELECT * FROM {table}) TO '{target}' {form}")


KINDS = {name[len("make_") :]: made for name, made in globals().items() if name[:5] == "make_"}


# ---- For whoever measures. ----


def make(target: Path, python, kind: str, *arguments) -> str:
    """Makes a target that is not there yet; an error's last line, or nothing."""
    if target.exists():
        return ""
    print(f"making {shown(target)}", file=sys.stderr)
    unfinished = target.with_name(target.name + ".unfinished")
    if unfinished.is_dir():
        shutil.rmtree(unfinished)
    if not Path(python).exists():
        return f"no {shown(python)}"
    call = [python, __file__, kind, unfinished, *arguments]
    done = subprocess.run(list(map(str, call)), capture_output=True, text=True)
    if done.returncode:
        return (done.stderr.strip() or "no message").splitlines()[-1]
    unfinished.rename(target)
    return ""


def first_log(args) -> Path:
    """The log that all is made of: the one given, or one that flowagg makes."""
    log = Path(args.data).resolve() if args.data else args.work / f"flow-{args.lines}.log"
    if not args.data and not log.exists():
        if not os.access(args.flowagg, os.X_OK):
            sys.exit(f"no {shown(args.flowagg)} to make a log: run `cargo build --release`")
        failure = make(log, sys.executable, "gen", args.flowagg, args.lines)
        if failure:
            sys.exit(failure)
    if log.open("rb").readline().startswith(b"version ") or shlex.quote(str(log)) != str(log):
        sys.exit(f"{log}: it may have neither a header line nor blanks or quotes in its name")
    count = subprocess.run(["wc", "-l", log], capture_output=True, text=True, check=True)
    args.lines = int(count.stdout.split()[0])
    return log


def prepare(args, log: Path, kinds: set) -> None:
    """Makes what is asked in `args.paths`, or says in `args.missing` why it is not there."""
    stem, work, own = log.stem, args.work, sys.executable
    wide = max(1, args.lines // 2)  # about as many bytes as the log itself
    objects = max(PARTS, args.lines // 200 // PARTS * PARTS)
    wanted = {
        "gzip": (work / f"{stem}.parts", own, "parts", log),
        "one": (work / f"{stem}.log.gz", own, "one", log),
        "v5": (work / f"v5-{wide}.log", own, "v5", args.flowagg, wide),
        "objects": (work / f"{stem}.objects", own, "objects", log, objects),
        "zstd": (work / f"{stem}.zstd.parquet", args.python, "parquet", log, "zstd"),
        "deflate": (work / f"{stem}.gzip.parquet", args.python, "parquet", log, "gzip"),
    }
    wanted = {kind: call for kind, call in wanted.items() if kind in kinds}
    for share in (share for share in args.shares if share < 1 and "sizes" in kinds):
        lines = round(args.lines * share)
        wanted[share] = (work / f"{stem}-{lines}.log", own, "head", log, lines)
    with ThreadPoolExecutor(2) as pool:
        failures = dict(zip(wanted, pool.map(lambda call: make(*call), wanted.values())))
    args.missing = {kind: failure for kind, failure in failures.items() if failure}
    args.paths = {kind: shown(call[0]) for kind, call in wanted.items()}
    args.paths.update({"file": shown(log), "stdin": shown(log), 1: shown(log)})
    if "gzip" in args.paths:
        args.paths["gzip"] += "/part-*.log.gz"


if __name__ == "__main__":
    KINDS[sys.argv[1]](Path(sys.argv[2]), *sys.argv[3:])
