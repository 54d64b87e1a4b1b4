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
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Callable

from measuring import Answer, Measured, said, shown
from questions import TOP, Question
from sql import beginning, condition, lists_sql, rows_sql, sql

# ---- Libraries. Each is asked in a process of its own: compare.py, called with `--peer NAME`. ----


def clocked(query: str, ask: Callable[[], list]) -> Answer:
    """Times a query whose rows are those of `sql`: keys, total, count of all."""
    start = time.perf_counter()
    rows = [list(row) for row in ask()]
    seconds = time.perf_counter() - start
    return Answer([[*row[:-2], int(row[-2])] for row in rows], int(rows[0][-1]), seconds, query)


def clocked_rows(question: Question, query: str, ask: Callable[[], list]) -> Answer:
    """Times a query whose rows are those of `rows_sql` or `lists_sql`."""
    start = time.perf_counter()
    rows = [list(row) for row in ask()]
    seconds = time.perf_counter() - start
    if question.lists:
        rows.sort(key=lambda row: row[0])  # as they stand, list after list
        rows = [[",".join(question.lists[row[0]]), *row[1:]] for row in rows]
    return answer_of_rows(rows, seconds, query)


def answer_of_rows(rows: list, seconds=None, query: str = "") -> Answer:
    """Rows as all write them: keys are texts, and what is added up to an integer."""
    rows = [[str(key) for key in row[:-1] if key != ""] + [int(row[-1])] for row in rows]
    return Answer(rows, len(rows), seconds, query)


BITS = {"srcport": 16, "dstport": 16, "protocol": 8}  # of columns that are read as numbers


def ask_duckdb(question: Question, path: str, threads: int) -> Answer:
    """Columns given, nothing sniffed; columns that no question uses stay text and unread. What
    several lists need is read once, into memory: in less time than with GROUPING SETS."""
    import duckdb

    columns = {name: "BIGINT" if name == "bytes" else "VARCHAR" for name in question.columns}
    columns.update({name: f"UINT{BITS.get(name, 64)}" for name in question.numbers})
    table = (
        f"read_csv('{path}', columns = {columns}, delim = ' ', header = {question.source == 'v5'}, "
        "nullstr = '-', quote = '', escape = '', auto_detect = false)"
    )
    if question.is_parquet:
        table = f"read_parquet('{path}')"
    connection = duckdb.connect(config={"threads": threads})
    if question.words:
        given = f"{question.unique} IS NOT NULL" if question.unique else "bytes IS NOT NULL"
        given = condition(question, given, question.numbers)
        query = rows_sql(question, table, "bytes", "start", given)
        if question.lists:
            used = f"SELECT {', '.join(question.keys)}, bytes FROM {table} WHERE {given}"
            query = f"WITH records AS MATERIALIZED ({used}) {lists_sql(question, 'records')}"
        return clocked_rows(question, query, lambda: connection.execute(query).fetchall())
    query = sql(question, table)
    return clocked(query, lambda: connection.execute(query).fetchall())


def ask_polars(question: Question, path: str, threads: int) -> Answer:
    """Lazy scan on the streaming engine; its threads come from POLARS_MAX_THREADS."""
    import polars as pl

    schema = {name: pl.Int64 if name == "bytes" else pl.String for name in question.columns}
    for name in question.numbers:
        schema[name] = getattr(pl, f"UInt{BITS.get(name, 64)}")
    form = {"separator": " ", "has_header": False, "null_values": "-", "quote_char": None}
    form.update({"skip_rows": 1} if question.source == "v5" else {})
    test = pl.col("bytes").is_not_null()
    if question.unique:
        test = pl.col(question.unique).is_not_null()
    for column, values in question.tests:
        if "/" in values[0]:
            test &= pl.col(column).str.starts_with(beginning(values[0]))
            continue
        values = map(int, values) if column in question.numbers else values
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
    query = f"{scan.format(path, form)}.filter({test})"
    if question.words:
        frame = pl.scan_csv(path, schema=schema, **form).filter(test)
        frames, words = polars_lists(question, frame)

        def ask_lists() -> list:
            told = pl.collect_all(frames, engine="streaming")
            rows = [(number, *row) for number, top in enumerate(told) for row in top.rows()]
            return rows if question.lists else [row[1:] for row in rows]

        return clocked_rows(question, f"collect_all of {query}{words}", ask_lists)
    query += f".group_by{question.keys}"
    return clocked(query + ".agg(sum).collect(engine='streaming')", ask)


def polars_lists(question: Question, frame) -> tuple:
    """What Polars is to collect for the rows of a question, and that in words."""
    import polars as pl

    total, words = pl.col("bytes").sum(), ""
    all_keys = question.lists or (question.keys,)
    if question.unique:
        frame, total = frame.select(*question.keys, question.unique).unique(), pl.len()
        words = f".unique({question.keys}, {question.unique!r})"
    if question.bin:
        frame = frame.with_columns(bin=pl.col("start") - pl.col("start") % question.bin)
        all_keys = ((*question.keys, "bin"),)
        words = f".with_columns(bin = start - start % {question.bin})"
    frames = []
    for keys in all_keys:
        groups = frame.group_by(*keys).agg(total=total)
        falling = [True] + [False] * len(keys)
        top = groups.sort(["total", *keys], descending=falling).head(TOP)
        frames.append(groups.sort(*keys) if question.bin else top)
    words += f".group_by{' and of '.join(map(str, all_keys))}"
    words += f".agg({'len' if question.unique else 'sum'})"
    return frames, words + (".sort(keys)" if question.bin else f".sort(total, keys).head({TOP})")


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
        if question.words:
            return ask_datafusion_rows(context, question)
        query = sql(question, "records", "CAST(bytes AS BIGINT)", "bytes <> '-'")
    return clocked(query, lambda: [row.values() for row in context.sql(query).to_pylist()])


def ask_datafusion_rows(context, question: Question) -> Answer:
    """All columns are texts. What several lists need is read once, into memory."""
    given = f"{question.unique} <> '-'" if question.unique else "bytes <> '-'"
    given = condition(question, given, ())
    number = "CAST(bytes AS BIGINT)"
    query = rows_sql(question, "records", number, "CAST(start AS BIGINT)", given)
    read = f"SELECT {', '.join(question.keys)}, {number} AS bytes FROM records WHERE {given}"

    def ask() -> list:
        if question.lists:
            context.register_view("once", context.sql(read).cache())
        return [row.values() for row in context.sql(query).to_pylist()]

    if question.lists:
        query = lists_sql(question, "once")
        return clocked_rows(question, f"{read}; of what that gives, once: {query}", ask)
    return clocked_rows(question, query, ask)


def ask_chdb(question: Question, path: str, threads: int) -> Answer:
    """Lines split by an expression: in half the time of ClickHouse's CSV with another delimiter.
    A header's bytes are no number, so it is in no sum."""
    import chdb

    table = f"file('{path}', 'Parquet')"
    if not question.is_parquet:
        used = [*question.keys, *(column for column, _ in question.tests)]
        used += [name for name in (question.unique, "start" if question.bin else "") if name]
        parts = {name: f"part[{question.columns.index(name) + 1}]" for name in used}
        for name in question.numbers:
            parts[name] = f"toUInt{BITS.get(name, 64)}OrZero({parts[name]})"
        parts = [f"{part} AS {name}" for name, part in parts.items()]
        parts.append("toInt64OrNull(part[10]) AS bytes")
        table = (
            f"(SELECT splitByChar(' ', line) AS part, {', '.join(parts)} "
            f"FROM file('{path}', 'LineAsString', 'line String'))"
        )
    if question.words:
        return ask_chdb_rows(question, table, threads)
    query = f"{sql(question, table)} SETTINGS max_threads = {threads}"
    return clocked(query, lambda: json.loads(chdb.query(query, "JSONCompact").bytes())["data"])


def ask_chdb_rows(question: Question, table: str, threads: int) -> Answer:
    """What several lists need is read once, into a table in memory."""
    from chdb.session import Session

    given = f"{question.unique} <> '-'" if question.unique else "bytes IS NOT NULL"
    given = condition(question, given, question.numbers)
    limit = f"SETTINGS max_threads = {threads}, max_insert_threads = {threads}"
    read = f"SELECT {', '.join(question.keys)}, bytes FROM {table} WHERE {given}"
    read = f"CREATE TEMPORARY TABLE records ENGINE = Memory AS {read} {limit}"
    query = f"{rows_sql(question, table, 'bytes', 'start', given)} {limit}"
    if question.lists:
        query = f"{lists_sql(question, 'records')} {limit}"
    session = Session()

    def ask() -> list:
        if question.lists:
            session.query(read)
        return json.loads(session.query(query, "JSONCompact").bytes())["data"]

    return clocked_rows(question, f"{read}; {query}" if question.lists else query, ask)


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
    if question.words:
        ask = f"{shown(args.flowagg)} {shlex.join(question.words)} -q -o json -n {TOP}"
        return f"{ask} --threads {threads or args.threads}"
    by_name = " --by-name" if question.is_parquet else ""  # so that it reads these columns only
    ask = f"{shown(args.flowagg)} rule {question.rule}{by_name} -q -o json -n {TOP}"
    return f"{ask} --threads {threads or args.threads}"


def flowagg_command(args, question: Question) -> str:
    """It reads gzip itself."""
    ask, path = flowagg(args, question), args.paths[question.source]
    if question.source == "stdin":
        return f"cat {path} | {ask}"
    return f"{ask} < {path}" if question.source == "one" else f"{ask} {path}"


def read_answer(output: Path, _=None) -> Answer:
    """A library's, printed by compare.py."""
    return Answer(**json.loads(output.read_text()))


def read_report(output: Path, _=None) -> Answer:
    """flowagg's report in CloudWatch's shape, or the rows of a list or several."""
    told = json.loads(output.read_text())
    if isinstance(told, dict):
        return answer_of(told)
    if "list" not in told[0]:
        return answer_of_rows(list(map(row_of, told)))
    rows = [[each["list"].replace("-", "_"), *row_of(row)] for each in told for row in each["rows"]]
    return answer_of_rows(rows)


def row_of(row: dict) -> list:
    """A row of a list, but for its share, which no other is asked for; times are seconds."""
    values = {name: value for name, value in row.items() if name != "share"}
    if "start" in values:
        values["start"] = int(datetime.fromisoformat(values["start"]).timestamp())
    return list(values.values())


def answer_of(report: dict) -> Answer:
    """The facts of a report."""
    top = [[*c["Keys"], c["ApproximateAggregateValue"]] for c in report["Contributors"]]
    return Answer(top, report["ApproximateUniqueCount"])


def mawk_command(args, question: Question) -> str:
    """An associative array, printed whole."""
    place = {name: f"${number}" for number, name in enumerate(question.columns, 1)}
    tests = [f'{place["bytes"]} != "-"']
    for column, values in question.tests:
        if "/" in values[0]:
            tests.append(f'index({place[column]}, "{beginning(values[0])}") == 1')
            continue
        found = " || ".join(f'{place[column]} == "{value}"' for value in values)
        tests.append(f"({found})" if len(values) > 1 else found)
    keys = [place[name] for name in question.keys]
    if question.bin:
        keys.append("({0} - {0} % {1})".format(place["start"], question.bin))
    key = ' " " '.join(keys)
    script = f"{' && '.join(reversed(tests))} {{ sum[{key}] += {place['bytes']} }}"
    script += ' END { for (key in sum) printf "%s %.0f\\n", key, sum[key] }'
    return fed(args, question, f"mawk '{script}'")


def read_lines(output: Path, question: Question) -> Answer:
    """mawk's lines, ordered here at no charge to mawk."""
    with output.open() as lines:
        if question.bin:
            return answer_of_rows(sorted(line.split() for line in lines))
        rows = ((-int(total), keys) for *keys, total in map(str.split, lines))
        top = [[*keys, -total] for total, keys in heapq.nsmallest(TOP, rows)]
    if question.words:
        return answer_of_rows(top)
    with output.open("rb") as lines:
        return Answer(top, sum(1 for _ in lines))


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
    read: Callable[[Path, Question], Answer]
    version: str = ""
    failure: str = ""
    query: str = ""
    measured: Measured = field(default_factory=Measured)


PROGRAMS = {
    "flowagg": (flowagg_command, read_report, "--version"),
    "mawk": (mawk_command, read_lines, "-W version"),
    "wc": (wc_command, lambda *_: Answer(None), "--version"),
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
