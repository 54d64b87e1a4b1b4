#!/usr/bin/env python3
"""Asks flowagg and other programs the same questions and tabulates time and memory.

Run by hand, never in CI: `python3 benches/compare.py --write`. Needs Python 3.9 and a flowagg built
with `cargo build --release`; the other programs go into a virtual environment of their own. What
can't be had is skipped, and its row says why.

Fairness: every program runs as a process of its own, in turn, round after round. flowagg, mawk and
wc are charged the whole process; libraries under Python only the query, as their own process clocks
it, without interpreter and import. Each has the options that were fastest for it. All answers are
compared, in every round, before any time is shown.
"""

import argparse
import datetime
import gzip
import heapq
import json
import os
import platform
import resource
import shlex
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Callable, Optional

ROOT = Path(__file__).resolve().parent.parent
COLUMNS = (
    "version account_id interface_id srcaddr dstaddr srcport dstport protocol packets bytes "
    "start end action log_status"
).split()
TOP = 10
SLOW_SECONDS = 60
GZIP_PARTS = 100


@dataclass(frozen=True)
class Question:
    """Sums bytes by `keys`; `source` says how the records come: file, gzip or stdin."""

    name: str
    title: str
    source: str
    rule: str
    keys: tuple
    accept: bool


ACCEPT = ("rules/top_srcaddr_accept_rule.json", ("srcaddr",), True)
PAIRS = ("rules/data_transfer_rule.json", ("srcaddr", "dstaddr"), False)
QUESTIONS = [
    Question("accept", "accepted bytes by srcaddr", "file", *ACCEPT),
    Question("pairs", "bytes by srcaddr, dstaddr", "file", *PAIRS),
    Question("gzip", f"accept over {GZIP_PARTS} gzip files", "gzip", *ACCEPT),
    Question("stdin", "accept over a pipe", "stdin", *ACCEPT),
]
QUESTIONS = {question.name: question for question in QUESTIONS}


@dataclass
class Answer:
    """The `TOP` contributors as [key, ..., total], how many there are, and how it was found."""

    top: list
    unique: int
    seconds: Optional[float] = None
    query: str = ""


# ---- Libraries. Each is asked in a process of its own: this file, called with `--peer NAME`. ----


def sql(question: Question, table: str, number: str = "bytes", test: str = "") -> str:
    """One statement that groups once and gives the top and the count of all groups."""
    keys = ", ".join(question.keys)
    test = test or f"{number} IS NOT NULL"
    test += " AND action = 'ACCEPT'" if question.accept else ""
    groups = f"SELECT {keys}, sum({number}) AS total FROM {table} WHERE {test} GROUP BY {keys}"
    order = f"ORDER BY total DESC, {keys} LIMIT {TOP}"
    return f"SELECT *, count(*) OVER () AS contributors FROM ({groups}) {order}"


def clocked(query: str, ask: Callable[[], list]) -> Answer:
    """Times a query whose rows are those of `sql`: keys, total, count of all."""
    start = time.perf_counter()
    rows = [list(row) for row in ask()]
    seconds = time.perf_counter() - start
    return Answer([[*row[:-2], int(row[-2])] for row in rows], int(rows[0][-1]), seconds, query)


def ask_duckdb(question: Question, path: str, threads: int) -> Answer:
    """Columns given, nothing sniffed; columns that no question uses stay text and unread."""
    import duckdb

    columns = {name: "BIGINT" if name == "bytes" else "VARCHAR" for name in COLUMNS}
    table = (
        f"read_csv('{path}', columns = {columns}, delim = ' ', header = false, nullstr = '-', "
        "quote = '', escape = '', auto_detect = false)"
    )
    connection = duckdb.connect(config={"threads": threads})
    query = sql(question, table)
    return clocked(query, lambda: connection.execute(query).fetchall())


def ask_polars(question: Question, path: str, threads: int) -> Answer:
    """Lazy scan on the streaming engine; its threads come from POLARS_MAX_THREADS."""
    import polars as pl

    schema = {name: pl.Int64 if name == "bytes" else pl.String for name in COLUMNS}
    form = {"separator": " ", "has_header": False, "null_values": "-", "quote_char": None}
    test = pl.col("bytes").is_not_null()
    if question.accept:
        test &= pl.col("action") == "ACCEPT"

    def ask() -> list:
        groups = pl.scan_csv(path, schema=schema, **form).filter(test).group_by(*question.keys)
        groups = groups.agg(total=pl.col("bytes").sum()).collect(engine="streaming")
        falling = [True] + [False] * len(question.keys)
        top = groups.sort(["total", *question.keys], descending=falling).head(TOP)
        return [[*row, groups.height] for row in top.rows()]

    query = f"scan_csv('{path}', schema, {form}).filter({test}).group_by{question.keys}"
    return clocked(query + ".agg(sum).collect(engine='streaming')", ask)


def ask_datafusion(question: Question, path: str, threads: int) -> Answer:
    """Its CSV reader knows no null mark once a schema is given, so bytes come as text."""
    import datafusion
    import pyarrow

    schema = pyarrow.schema([(name, pyarrow.string()) for name in COLUMNS])
    form = {"has_header": False, "delimiter": " ", "file_extension": ".log"}
    if question.source == "gzip":
        path = os.path.dirname(path) + "/"
        form.update(file_extension=".log.gz", file_compression_type="gzip")
    config = datafusion.SessionConfig().with_target_partitions(threads)
    context = datafusion.SessionContext(config)
    context.register_csv("records", path, schema=schema, **form)
    query = sql(question, "records", "CAST(bytes AS BIGINT)", "bytes <> '-'")
    return clocked(query, lambda: [row.values() for row in context.sql(query).to_pylist()])


def ask_chdb(question: Question, path: str, threads: int) -> Answer:
    """Lines split by an expression: in half the time of ClickHouse's CSV with another delimiter."""
    import chdb

    table = (
        "(SELECT splitByChar(' ', line) AS part, part[4] AS srcaddr, part[5] AS dstaddr, "
        "toInt64OrNull(part[10]) AS bytes, part[13] AS action "
        f"FROM file('{path}', 'LineAsString', 'line String'))"
    )
    query = f"{sql(question, table)} SETTINGS max_threads = {threads}"
    return clocked(query, lambda: json.loads(chdb.query(query, "JSONCompact").bytes())["data"])


ASKERS = [ask_duckdb, ask_polars, ask_datafusion, ask_chdb]
LIBRARIES = {ask.__name__[len("ask_") :]: ask for ask in ASKERS}


# ---- Programs: a shell command for each question, and how to read what it prints. ----


def fed(args, question: Question, program: str) -> str:
    """A command that gives the records to a program of the shell."""
    path = args.paths[question.source]
    if question.source == "file":
        return f"{program} {path}"
    return f"{'cat' if question.source == 'stdin' else 'gzip -dc'} {path} | {program}"


def flowagg_command(args, question: Question) -> str:
    """It reads gzip itself."""
    ask = f"{shown(args.flowagg)} rule {question.rule} -q -o json -n {TOP} --threads {args.threads}"
    gzipped = question.source == "gzip"
    return f"{ask} {args.paths['gzip']}" if gzipped else fed(args, question, ask)


def read_answer(output: Path) -> Answer:
    """A library's, printed by this file."""
    return Answer(**json.loads(output.read_text()))


def read_report(output: Path) -> Answer:
    """flowagg's report, in CloudWatch's shape."""
    report = json.loads(output.read_text())
    top = [[*c["Keys"], c["ApproximateAggregateValue"]] for c in report["Contributors"]]
    return Answer(top, report["ApproximateUniqueCount"])


def mawk_command(args, question: Question) -> str:
    """An associative array, printed whole."""
    test = '$13 == "ACCEPT" && ' if question.accept else ""
    key = '$4 " " $5' if len(question.keys) == 2 else "$4"
    script = f'{test}$10 != "-" {{ sum[{key}] += $10 }}'
    script += ' END { for (key in sum) printf "%s %.0f\\n", key, sum[key] }'
    return fed(args, question, f"mawk '{script}'")


def read_lines(output: Path) -> Answer:
    """mawk's lines, ordered here at no charge to mawk."""
    with output.open() as lines:
        rows = ((-int(total), keys) for *keys, total in map(str.split, lines))
        top = heapq.nsmallest(TOP, rows)
    with output.open("rb") as lines:
        return Answer([[*keys, -total] for total, keys in top], sum(1 for _ in lines))


def library_command(name: str, args, question: Question) -> str:
    """This very file under the virtual environment's Python."""
    call = [args.python, __file__, "--peer", name, question.name, args.paths[question.source]]
    return f"POLARS_MAX_THREADS={args.threads} {shlex.join(map(shown, call))} {args.threads}"


@dataclass
class Row:
    """A program, and what was measured of it for one question; `failure` says why nothing was."""

    name: str
    command: Callable
    read: Callable[[Path], Optional[Answer]]
    version: str = ""
    failure: str = ""
    walls: list = field(default_factory=list)
    queries: list = field(default_factory=list)
    peak_bytes: int = 0
    query: str = ""


PROGRAMS = {
    "flowagg": (flowagg_command, read_report, "--version"),
    "mawk": (mawk_command, read_lines, "-W version"),
    "wc": (partial(fed, program="wc -l"), lambda _: None, "--version"),  # the floor
}


def said(command: list) -> str:
    """What a command prints, either way."""
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True)
    return (done.stdout + done.stderr).decode(errors="replace")


def shown(path) -> str:
    """A path as one types it in the repository's root, where all commands run."""
    text = str(path)
    return os.path.relpath(text, ROOT) if text.startswith(f"{ROOT}{os.sep}") else text


def program(name: str, args) -> Row:
    """A program of the shell, or why there is none."""
    command, read, option = PROGRAMS[name]
    row, call = Row(name, command, read), [args.flowagg if name == "flowagg" else name]
    if shutil.which(call[0]):
        words = said(call + option.split()).split()
        row.version = next((word for word in words if word[0].isdigit()), "")
    else:
        row.failure = "run `cargo build --release`" if name == "flowagg" else "not on PATH"
    return row


def library(name: str, args) -> Row:
    """A library made importable, or why it is not."""
    row, trouble = Row(name, partial(library_command, name), read_answer), ""
    if not args.python.exists():
        subprocess.run([sys.executable, "-m", "venv", args.work / "venv"], check=True)
    ask = [args.python, "-c", f"import {name} as it; print('version', it.__version__)"]
    if not said(ask).startswith("version "):
        print(f"installing {name}", file=sys.stderr)
        trouble = said([args.python, "-m", "pip", "install", "-q", name])
    found = said(ask)
    if found.startswith("version "):
        row.version = found.split()[1]
    else:
        row.failure = "not installed: " + (trouble or found).strip().splitlines()[-1]
    return row


def make_log(args) -> Path:
    """The log that is asked: the one given, or one that flowagg makes."""
    log = Path(args.data).resolve() if args.data else args.work / f"flow-{args.lines}.log"
    if not args.data and not log.exists():
        if not os.access(args.flowagg, os.X_OK):
            sys.exit(f"no {shown(args.flowagg)} to make a log: run `cargo build --release`")
        print(f"making {shown(log)}", file=sys.stderr)
        unfinished = log.with_suffix(".unfinished")
        with unfinished.open("wb") as out:
            make = [args.flowagg, "gen", "--lines", str(args.lines), "--seed", "1"]
            subprocess.run(make, stdout=out, check=True)
        unfinished.rename(log)
    if log.open("rb").readline().startswith(b"version ") or shlex.quote(str(log)) != str(log):
        sys.exit(f"{log}: it may have neither a header line nor blanks or quotes in its name")
    return log


def make_parts(log: Path, work: Path) -> str:
    """The log in `GZIP_PARTS` gzip files, cut at line ends; their glob."""
    folder, unfinished = work / f"{log.stem}.parts", work / f"{log.stem}.unfinished"
    if not folder.exists():
        print(f"making {shown(folder)}", file=sys.stderr)
        unfinished.mkdir(exist_ok=True)
        size = log.stat().st_size // GZIP_PARTS
        with log.open("rb") as lines:
            for part in range(GZIP_PARTS):
                text = lines.read(size) + lines.readline()
                (unfinished / f"part-{part:03}.log.gz").write_bytes(gzip.compress(text, 6))
        unfinished.rename(folder)
    return shown(folder / "part-*.log.gz")


def measure(row: Row, question: Question, args) -> Optional[Answer]:
    """One run, in a process of its own."""
    output, errors = args.work / f"{row.name}.out", args.work / f"{row.name}.err"
    command, env = ["sh", "-c", row.command(args, question)], {**os.environ, "LC_ALL": "C"}
    with output.open("wb") as out, errors.open("wb") as err:
        start = time.monotonic()
        child = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=err, env=env)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.monotonic() - start
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        last = (errors.read_text(errors="replace").strip() or "no message").splitlines()[-1]
        row.failure = f"exit code {child.returncode}: {last}"
        if row.name == "flowagg":
            sys.exit(f"{' '.join(command)}\n{row.failure}")
        return None
    answer = row.read(output)
    row.walls.append(wall)
    row.queries.append(answer.seconds if answer and answer.seconds else wall)
    row.query = answer.query if answer else ""
    row.peak_bytes = max(row.peak_bytes, usage.ru_maxrss * 1024)
    return answer


def check(question: Question, answers: dict) -> None:
    """Ends the run where two programs disagree."""
    told = [(name, (a.top, a.unique)) for name, a in answers.items() if a]
    wrong = [name for name, answer in told if answer != told[0][1]]
    if wrong:
        print(f"DISAGREEMENT on {question.name}: {', '.join(wrong)} against {told[0][0]}")
        for name, (top, unique) in told:
            print(f"{name}: {unique} contributors", *top, sep="\n    ")
        sys.exit(1)


def run(question: Question, chosen: list, args) -> list:
    """All programs in turn, `--rounds` times, after a round that only fills the page cache."""
    piped = question.source == "stdin"
    rows = [replace(r, walls=[], queries=[]) for r in chosen if not piped or r.name in PROGRAMS]
    for turn in range(args.rounds + 1):
        print(f"{question.name}: round {turn} of {args.rounds}", file=sys.stderr)
        running = [row for row in rows if not row.failure and not is_slow(row)]
        check(question, {row.name: measure(row, question, args) for row in running})
        for row in rows if turn == 0 else []:
            if not is_slow(row):
                row.walls.clear(), row.queries.clear()
    print("", table(question, rows, args), sep="\n", flush=True)
    return rows


def is_slow(row: Row) -> bool:
    """Whether one run is enough: a minute of it says what there is to say."""
    return len(row.walls) == 1 and row.walls[0] > SLOW_SECONDS


NOTE = """\
Each program ran as its own process, in turn, after one round that is not counted; one that took
more than {slow} seconds in that round ran that once. *Wall* is the
median of the whole process; *query* leaves out interpreter and import where a library clocks itself
and *best* is its least; *ratio* is query over flowagg's wall. *Peak* is the largest resident size
of any one process; below {floor:.0f} MB, this script's own, it can't be seen. wc answers nothing:
it is the floor. In every round all answers (ten largest contributors, their sums, number of
contributors) were equal."""


def cells(row: Row, base: Optional[float]) -> list:
    """A row's texts."""
    name = f"{row.name} {row.version}".strip()
    if row.failure or not row.walls:
        return [f"{name}: {row.failure}"[:50], *"-----"]
    query = statistics.median(row.queries)
    times = [f"{t:.3f}" for t in (statistics.median(row.walls), query, min(row.queries))]
    return [name, *times, f"{row.peak_bytes / 1e6:.0f}", f"{query / base:.2f}" if base else "-"]


def table(question: Question, rows: list, args) -> str:
    """What is asked and the rows, in Markdown of at most 100 columns."""
    ours = [row.walls for row in rows if row.name == "flowagg" and row.walls]
    base = statistics.median(ours[0]) if ours else None
    head = ["program", "wall s", "query s", "best s", "peak MB", "ratio"]
    lines = [head, *(cells(row, base) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines)]
    lines.insert(1, ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])])
    size = os.path.getsize(ROOT / args.paths["file"]) / 1e9
    load = f"{size:.2f} GB of text, {args.threads} threads, {args.rounds} rounds"
    return f"## {question.name}: {question.title} ({load})\n\n" + "\n".join(
        f"| {line[0].ljust(widths[0])} | {' | '.join(map(str.rjust, line[1:], widths[1:]))} |"
        for line in lines
    )


def machine() -> list:
    """What the numbers were measured on."""
    cpu = Path("/proc/cpuinfo").read_text() if os.path.exists("/proc/cpuinfo") else ""
    models = [line.split(": ")[1] for line in cpu.splitlines() if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    system = f"{platform.system()} {platform.release()}, {platform.machine()}"
    return [*models[:1], f"{os.cpu_count()} cores, {memory:.0f} GiB of memory", system]


def write_results(results: dict, args) -> None:
    """benches/RESULTS.md: the tables, and what it takes to get them again."""
    call = shlex.join(["python3", *map(shown, [Path(__file__), *sys.argv[1:]])])
    commit = said(["git", "describe", "--always", "--dirty", "--exclude=*"]).strip()
    floor = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    text = ["# flowagg and others", "", f"`{call}`, commit {commit}, {datetime.date.today()}.", ""]
    text += [*(f"- {line}" for line in machine()), "", NOTE.format(floor=floor, slow=SLOW_SECONDS), ""]
    for question, rows in results.items():
        text += [table(question, rows, args), "", "```sh"]
        for row in (row for row in rows if not row.failure):
            text += [f"# {row.query}"] if row.query else []
            text += [row.command(args, question)]
        text += ["```", ""]
    (ROOT / "benches" / "RESULTS.md").write_text("\n".join(text))


def options(names: list) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    add = parser.add_argument
    add("--data", metavar="FILE", help="a log in the default format, no header [default: made]")
    add("--lines", metavar="N", type=int, default=20_000_000, help="of the log made [20000000]")
    add("--threads", metavar="N", type=int, default=2, help="for every program [2]")
    add("--rounds", metavar="N", type=int, default=5, help="that count [5]")
    add("--only", metavar="NAMES", default=",".join(names), help="of %(default)s")
    add("--questions", metavar="NAMES", default=",".join(QUESTIONS), help="of %(default)s")
    add("--flowagg", metavar="PATH", type=Path, default=ROOT / "target/release/flowagg")
    add("--work", metavar="DIR", type=Path, default=ROOT / "target/compare")
    add("--write", action="store_true", help="benches/RESULTS.md")
    args = parser.parse_args()
    args.only, args.questions = args.only.split(","), args.questions.split(",")
    unknown = set(args.only) - set(names) | set(args.questions) - set(QUESTIONS)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    args.work, args.flowagg = args.work.resolve(), args.flowagg.resolve()
    args.python = args.work / "venv" / "bin" / "python"
    return args


def main() -> None:
    """Prepares, asks, tells."""
    args = options([*PROGRAMS, *LIBRARIES])
    args.work.mkdir(parents=True, exist_ok=True)
    log = make_log(args)
    chosen = [(program if name in PROGRAMS else library)(name, args) for name in args.only]
    args.paths = {"file": shown(log), "stdin": shown(log)}
    if "gzip" in args.questions:
        args.paths["gzip"] = make_parts(log, args.work)
    results = {QUESTIONS[name]: run(QUESTIONS[name], chosen, args) for name in args.questions}
    print("", *machine(), sep="\n")
    if args.write:
        write_results(results, args)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--peer"]:
        asked, name, path, threads = sys.argv[2:]
        print(json.dumps(asdict(LIBRARIES[asked](QUESTIONS[name], path, int(threads)))))
    else:
        main()
