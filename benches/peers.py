"""Who is asked: flowagg, programs of the shell, and libraries of Python."""

import glob
import heapq
import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Callable

from measuring import Answer, Measured, said, shown
from questions import TOP, Question

# ---- Libraries. Each is asked in a process of its own: compare.py, called with `--peer NAME`. ----


def sql(question: Question, table: str, number: str = "bytes", test: str = "") -> str:
    """One statement that groups once and gives the top and the count of all groups."""
    keys = ", ".join(question.keys)
    test = test or f"{number} IS NOT NULL"
    for column, values in question.tests:
        listed = ", ".join(literal(question, column, value) for value in values)
        test += f" AND {column} = {listed}" if len(values) == 1 else f" AND {column} IN ({listed})"
    groups = f"SELECT {keys}, sum({number}) AS total FROM {table} WHERE {test} GROUP BY {keys}"
    order = f"ORDER BY total DESC, {keys} LIMIT {TOP}"
    return f"SELECT *, count(*) OVER () AS contributors FROM ({groups}) {order}"


def literal(question: Question, column: str, value: str) -> str:
    """A value as SQL has it: of text all columns but bytes are texts."""
    is_number = question.is_parquet and column in ("dstport", "protocol")
    return value if is_number else f"'{value}'"


def clocked(query: str, ask: Callable[[], list]) -> Answer:
    """Times a query whose rows are those of `sql`: keys, total, count of all."""
    start = time.perf_counter()
    rows = [list(row) for row in ask()]
    seconds = time.perf_counter() - start
    return Answer([[*row[:-2], int(row[-2])] for row in rows], int(rows[0][-1]), seconds, query)


def ask_duckdb(question: Question, path: str, threads: int) -> Answer:
    """Columns given, nothing sniffed; columns that no question uses stay text and unread."""
    import duckdb

    columns = {name: "BIGINT" if name == "bytes" else "VARCHAR" for name in question.columns}
    table = (
        f"read_csv('{path}', columns = {columns}, delim = ' ', header = {question.source == 'v5'}, "
        "nullstr = '-', quote = '', escape = '', auto_detect = false)"
    )
    if question.is_parquet:
        table = f"read_parquet('{path}')"
    connection = duckdb.connect(config={"threads": threads})
    query = sql(question, table)
    return clocked(query, lambda: connection.execute(query).fetchall())


def ask_polars(question: Question, path: str, threads: int) -> Answer:
    """Lazy scan on the streaming engine; its threads come from POLARS_MAX_THREADS."""
    import polars as pl

    schema = {name: pl.Int64 if name == "bytes" else pl.String for name in question.columns}
    form = {"separator": " ", "has_header": False, "null_values": "-", "quote_char": None}
    form.update({"skip_rows": 1} if question.source == "v5" else {})
    test = pl.col("bytes").is_not_null()
    for column, values in question.tests:
        found = [pl.col(column) == value for value in values]
        test &= pl.any_horizontal(found) if len(found) > 1 else found[0]

    def ask() -> list:
        is_parquet = question.is_parquet
        frame = pl.scan_parquet(path) if is_parquet else pl.scan_csv(path, schema=schema, **form)
        groups = frame.filter(test).group_by(*question.keys)
        groups = groups.agg(total=pl.col("bytes").sum()).collect(engine="streaming")
        falling = [True] + [False] * len(question.keys)
        top = groups.sort(["total", *question.keys], descending=falling).head(TOP)
        return [[*row, groups.height] for row in top.rows()]

    scan = "scan_parquet('{}')" if question.is_parquet else "scan_csv('{}', schema, {})"
    query = f"{scan.format(path, form)}.filter({test}).group_by{question.keys}"
    return clocked(query + ".agg(sum).collect(engine='streaming')", ask)


def ask_datafusion(question: Question, path: str, threads: int) -> Answer:
    """Its CSV reader knows no null mark once a schema is given, so bytes come as text."""
    import datafusion
    import pyarrow

    config = datafusion.SessionConfig().with_target_partitions(threads)
    context = datafusion.SessionContext(config)
    if question.is_parquet:
        context.register_parquet("records", path)
        query = sql(question, "records")
    else:
        schema = pyarrow.schema([(name, pyarrow.string()) for name in question.columns])
        form = {"has_header": question.source == "v5", "delimiter": " ", "file_extension": ".log"}
        if question.is_gzip:
            path = os.path.dirname(path) + "/" if question.source == "gzip" else path
            form.update(file_extension=".log.gz", file_compression_type="gzip")
        context.register_csv("records", path, schema=schema, **form)
        query = sql(question, "records", "CAST(bytes AS BIGINT)", "bytes <> '-'")
    return clocked(query, lambda: [row.values() for row in context.sql(query).to_pylist()])


def ask_chdb(question: Question, path: str, threads: int) -> Answer:
    """Lines split by an expression: in half the time of ClickHouse's CSV with another delimiter.
    A header's bytes are no number, so it is in no sum."""
    import chdb

    table = f"file('{path}', 'Parquet')"
    if not question.is_parquet:
        used = [*question.keys, *(column for column, _ in question.tests)]
        parts = [f"part[{question.columns.index(name) + 1}] AS {name}" for name in used]
        parts.append("toInt64OrNull(part[10]) AS bytes")
        table = (
            f"(SELECT splitByChar(' ', line) AS part, {', '.join(parts)} "
            f"FROM file('{path}', 'LineAsString', 'line String'))"
        )
    query = f"{sql(question, table)} SETTINGS max_threads = {threads}"
    return clocked(query, lambda: json.loads(chdb.query(query, "JSONCompact").bytes())["data"])


def ask_isal(question: Question, path: str, threads: int) -> Answer:
    """Answers nothing: decodes with Intel's library, as a floor. One file has one thread."""
    from isal import igzip

    def decode(one: str) -> int:
        with igzip.open(one) as stream:
            return sum(map(len, iter(lambda: stream.read(1 << 20), b"")))

    paths = sorted(glob.glob(path))
    start = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        size = sum(pool.map(decode, paths))
    seconds = time.perf_counter() - start
    return Answer(None, size, seconds, f"isal.igzip decodes {size:,} bytes")


ASKERS = [ask_duckdb, ask_polars, ask_datafusion, ask_chdb, ask_isal]
LIBRARIES = {ask.__name__[len("ask_") :]: ask for ask in ASKERS}


# ---- Programs: a shell command for each question, and how to read what it prints. ----


def fed(args, question: Question, program: str) -> str:
    """A command that gives the records to a program of the shell."""
    path = args.paths[question.source]
    if question.source == "stdin":
        return f"cat {path} | {program}"
    return f"gzip -dc {path} | {program}" if question.is_gzip else f"{program} {path}"


def flowagg(args, question: Question, threads=None) -> str:
    """flowagg with its options for a question, but no paths."""
    by_name = " --by-name" if question.is_parquet else ""  # so that it reads these columns only
    ask = f"{shown(args.flowagg)} rule {question.rule}{by_name} -q -o json -n {TOP}"
    return f"{ask} --threads {threads or args.threads}"


def flowagg_command(args, question: Question) -> str:
    """It reads gzip itself."""
    ask, path = flowagg(args, question), args.paths[question.source]
    if question.source == "stdin":
        return f"cat {path} | {ask}"
    return f"{ask} < {path}" if question.source == "one" else f"{ask} {path}"


def read_answer(output: Path) -> Answer:
    """A library's, printed by compare.py."""
    return Answer(**json.loads(output.read_text()))


def read_report(output: Path) -> Answer:
    """flowagg's report, in CloudWatch's shape."""
    return answer_of(json.loads(output.read_text()))


def answer_of(report: dict) -> Answer:
    """The facts of a report."""
    top = [[*c["Keys"], c["ApproximateAggregateValue"]] for c in report["Contributors"]]
    return Answer(top, report["ApproximateUniqueCount"])


def mawk_command(args, question: Question) -> str:
    """An associative array, printed whole."""
    place = {name: f"${number}" for number, name in enumerate(question.columns, 1)}
    tests = [f'{place["bytes"]} != "-"']
    for column, values in question.tests:
        found = " || ".join(f'{place[column]} == "{value}"' for value in values)
        tests.append(f"({found})" if len(values) > 1 else found)
    key = ' " " '.join(place[name] for name in question.keys)
    script = f"{' && '.join(reversed(tests))} {{ sum[{key}] += {place['bytes']} }}"
    script += ' END { for (key in sum) printf "%s %.0f\\n", key, sum[key] }'
    return fed(args, question, f"mawk '{script}'")


def read_lines(output: Path) -> Answer:
    """mawk's lines, ordered here at no charge to mawk."""
    with output.open() as lines:
        rows = ((-int(total), keys) for *keys, total in map(str.split, lines))
        top = heapq.nsmallest(TOP, rows)
    with output.open("rb") as lines:
        return Answer([[*keys, -total] for total, keys in top], sum(1 for _ in lines))


def wc_command(args, question: Question) -> str:
    """The floor: whoever reads lines must find their ends."""
    return fed(args, question, "wc -l")


def library_command(name: str, args, question: Question) -> str:
    """compare.py under the virtual environment's Python."""
    compare = Path(__file__).with_name("compare.py")
    call = [args.python, compare, "--peer", name, question.name, args.paths[question.source]]
    return f"POLARS_MAX_THREADS={args.threads} {shlex.join(map(shown, call))} {args.threads}"


@dataclass
class Peer:
    """A program, and what was measured of it for one question; `failure` says why nothing was."""

    name: str
    command: Callable
    read: Callable[[Path], Answer]
    version: str = ""
    failure: str = ""
    query: str = ""
    measured: Measured = field(default_factory=Measured)


PROGRAMS = {
    "flowagg": (flowagg_command, read_report, "--version"),
    "mawk": (mawk_command, read_lines, "-W version"),
    "wc": (wc_command, lambda _: Answer(None), "--version"),
}


def program(name: str, args) -> Peer:
    """A program of the shell, or why there is none."""
    command, read, option = PROGRAMS[name]
    peer, call = Peer(name, command, read), [args.flowagg if name == "flowagg" else name]
    if shutil.which(call[0]):
        words = said(call + option.split()).split()
        peer.version = next((word for word in words if word[0].isdigit()), "")
    else:
        peer.failure = "run `cargo build --release`" if name == "flowagg" else "not on PATH"
    return peer


def library(name: str, args) -> Peer:
    """A library made importable, or why it is not."""
    peer, trouble = Peer(name, partial(library_command, name), read_answer), ""
    if not args.python.exists():
        subprocess.run([sys.executable, "-m", "venv", args.work / "venv"], check=True)
    ask = [args.python, "-c", f"import {name} as it; print('version', it.__version__)"]
    if not said(ask).startswith("version "):
        print(f"installing {name}", file=sys.stderr)
        trouble = said([args.python, "-m", "pip", "install", "-q", name])
    found = said(ask)
    if found.startswith("version "):
        peer.version = found.split()[1]
    else:
        peer.failure = "not installed: " + (trouble or found).strip().splitlines()[-1]
    return peer


def peer(name: str, args) -> Peer:
    """One of either kind."""
    return program(name, args) if name in PROGRAMS else library(name, args)
