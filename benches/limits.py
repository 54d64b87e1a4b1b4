"""What no other program is asked: flowagg against itself and against what only reads.

`python3 benches/limits.py` runs these questions alone, with the options of compare.py, of which
they are a part.
"""

import json
import shutil
import statistics
import sys
from pathlib import Path
from typing import Callable

from measuring import ROOT, Measured, bytes_of, grid, load_of, run, shown, spawn_seconds
from peers import answer_of, flowagg, read_report
from questions import QUESTIONS, TOP

STARTS = 50
LEVELS = ("portable", "avx2", "avx512")
TEN = "benches/rules/ten"
# Of the log: 0.2, 0.5, 1, 2.3, 4.7, 9.3 GB with 20 million lines; above 1 it is named repeatedly.
SHARES = (0.086, 0.215, 0.43, 1, 2, 4)


def facts(output: Path) -> tuple:
    """What must be equal of a report."""
    return read_report(output).facts()


def all_rounds(args, name: str, commands: dict, read: Callable = facts) -> tuple:
    """Runs commands in turn, round after round; what each label took, and what it answered, which
    must be the same in every round. A label that begins with `floor` answers nothing. Those that
    failed are in neither."""
    measured, answers, failed = {label: Measured() for label in commands}, {}, set()
    for turn in range(args.rounds + 1):
        print(f"{name}: round {turn} of {args.rounds}", file=sys.stderr)
        for label, command in commands.items():
            ended = None if label in failed else run(command, "limits", args.work)
            if ended and ended.failure:
                print(f"{command}\n{ended.failure}", file=sys.stderr)
                failed.add(label)
            elif ended:
                measured[label].add(ended.wall, ended.wall, ended.peak_bytes)
                answer = "" if label.startswith("floor") else read(ended.output)
                agree(name, answers.setdefault(label, answer), answer)
        if turn == 0:
            [each.forget_times() for each in measured.values()]
    return {label: each for label, each in measured.items() if label not in failed}, answers


def agree(name: str, one, other) -> None:
    """Ends the run where two answers differ."""
    if one != other:
        sys.exit(f"DISAGREEMENT on {name}:\n{one}\n{other}")


def agree_all(name: str, answers: dict) -> None:
    """All that answered said the same."""
    told = [answer for label, answer in answers.items() if not label.startswith("floor")]
    for answer in told:
        agree(name, told[0], answer)


def section(title: str, text: str, table: str, commands) -> str:
    """A part of RESULTS.md; `title` begins with the question's name."""
    shell = "\n".join(["```sh", *commands, "```"])
    return "\n\n".join(part for part in (f"## {title}", text, table, shell) if part)


def megabytes(each: Measured) -> str:
    return f"{each.peak_bytes / 1e6:.0f}"


def ten(args) -> str:
    """Ten rules in one pass against each of them alone."""
    rules = sorted((ROOT / TEN).glob("*.json"))
    options = f"-q -o json -n {TOP} --threads {args.threads} {args.paths['file']}"
    ask = f"{shown(args.flowagg)} rule {{}} {options}"
    commands = {rule.stem: ask.format(shown(rule)) for rule in rules}
    commands["all at once"] = ask.format(TEN)

    def read(output: Path) -> list:
        told = json.loads(output.read_text())
        reports = [each["Report"] for each in told] if isinstance(told, list) else [told]
        return [answer_of(report).facts() for report in reports]

    measured, answers = all_rounds(args, "ten", commands, read)
    agree("ten", answers.pop("all at once"), sum(answers.values(), []))
    together = measured.pop("all at once")
    alone = {label: each.wall for label, each in measured.items()}
    totals = {"mean": statistics.mean(alone.values()), "dearest": max(alone.values())}
    totals["sum"] = sum(alone.values())
    rows = [[label, f"{each.wall:.3f}", "-", megabytes(each)] for label, each in measured.items()]
    rows += [
        [f"{name} of the ten", f"{time:.3f}", f"{together.wall / time:.2f}", "-"]
        for name, time in totals.items()
    ]
    rows.append(["all at once", f"{together.wall:.3f}", "1.00", megabytes(together)])
    for name in ("mean", "dearest"):
        times = f"{together.wall / totals[name]:.2f}"
        args.limits.append([f"ten rules at once, times the {name} of them alone", times])
    table = grid(["rule", "wall s", "all at once / it", "peak MB"], rows)
    return section("ten: ten rules at once", "", table, [commands["all at once"]])


def startup(args) -> str:
    """How long nothing takes."""
    binary = str(args.flowagg)
    calls = {
        "flowagg": [binary],
        "flowagg rule": [binary, "rule", QUESTIONS["accept"].rule, "-q"],
        "mawk": ["mawk", "{ count++ }"],
        "wc": ["wc", "-l"],
        "true": ["true"],
    }
    calls = {label: call for label, call in calls.items() if shutil.which(call[0])}
    times = {label: [] for label in calls}
    for turn in range(STARTS + 3):
        for label, call in calls.items():
            seconds = spawn_seconds(call)
            times[label] += [seconds] if turn >= 3 else []
    middles = {label: statistics.median(each) for label, each in times.items()}
    rows, base = [], middles["true"]
    for label, middle in middles.items():
        least = min(times[label])
        each = [f"{middle * 1e3:.2f}", f"{least * 1e3:.2f}", f"{middle / base:.2f}"]
        rows.append([label, *each])
    args.limits.append(["start-up on empty input, ms", rows[1][1]])
    text = f"Median of {STARTS} starts without a shell; standard input is empty."
    shell = [" ".join(shown(word) for word in call) + " < /dev/null" for call in calls.values()]
    table = grid(["program", "median ms", "least ms", "x true"], rows)
    return section("startup: start-up on empty input", text, table, shell)


def objects(args) -> str:
    """What an object costs beyond its bytes."""
    ask, root = flowagg(args, QUESTIONS["accept"]), args.paths["objects"]
    commands = {"objects": f"{ask} {root}/AWSLogs", "joined": f"{ask} {root}/joined"}
    commands["floor: find, cat"] = f"find {root}/AWSLogs -type f -print0 | xargs -0 cat | wc -c"
    measured, answers = all_rounds(args, "objects", commands)
    agree_all("objects", answers)
    found, usual = load_of(f"{root}/AWSLogs"), load_of(f"{root}/joined")
    walls = {label: each.wall for label, each in measured.items()}
    walls["objects less joined"] = extra = walls["objects"] - walls["joined"]
    rows = [
        [label, f"{wall:.3f}", f"{wall / found.files * 1e6:.1f}"]
        + [megabytes(measured[label]) if label in measured else "-"]
        for label, wall in walls.items()
    ]
    cost = f"{extra / found.files * 1e6:.1f}"
    args.limits.append([f"{found.files:,} gzip objects, µs for each more than decoding", cost])
    text = (
        f"{found.files:,} objects of {found.least:,} to {found.most:,} bytes, "
        f"{found.size / 1e9:.2f} GB, in folders of a day, as AWS names them;\n"
        f"*joined* is the same text in {usual.files:,} files, {usual.size / 1e9:.2f} GB. "
        f"For each object that is {cost} µs more."
    )
    table = grid(["input", "wall s", "µs per object", "peak MB"], rows)
    return section("objects: small gzip objects", text, table, commands.values())


def threads(args) -> str:
    """How time falls with threads."""
    counts, rows, shell = sorted({1, args.threads}), [], []
    for name in ("accept", "pairs"):
        ask = [flowagg(args, QUESTIONS[name], count) for count in counts]
        commands = {count: f"{call} {args.paths['file']}" for count, call in zip(counts, ask)}
        commands = {str(count): command for count, command in commands.items()}
        measured, answers = all_rounds(args, f"threads, {name}", commands)
        agree_all("threads", answers)
        for count, each in measured.items():
            factor = f"{measured['1'].wall / each.wall:.2f}"
            rows.append([name, count, f"{each.wall:.3f}", factor, megabytes(each)])
        shell += commands.values()
        _, count, _, factor, _ = rows[-1]
        args.limits.append([f"{name}, {count} threads, times faster than one", factor])
    table = grid(["question", "threads", "wall s", "times faster", "peak MB"], rows)
    return section("threads: one thread and more", "", table, shell)


def levels(args) -> str:
    """What instructions make of one core."""
    path, size = args.paths["file"], bytes_of(args.paths["file"]) / 1e9
    ask = f"{flowagg(args, QUESTIONS['accept'], 1)} {path}"
    commands = {level: f"FLOWAGG_SIMD={level} {ask}" for level in LEVELS}
    commands["floor: wc -l"] = f"wc -l {path}"
    measured, answers = all_rounds(args, "levels", commands)
    agree_all("levels", answers)
    rows = []
    for level in commands:
        each = measured.get(level)
        if each:
            rate, factor = size / each.wall, measured["portable"].wall / each.wall
            rows.append([level, f"{each.wall:.3f}", f"{rate:.2f}", f"{factor:.2f}"])
            args.limits.append([f"one core, {level}, GB/s", f"{rate:.2f}"])
        else:
            rows.append([f"{level}: not of this processor", *"---"])
    table = grid(["FLOWAGG_SIMD", "wall s", "GB/s per core", "x portable"], rows)
    return section("levels: accept on one core", "", table, commands.values())


def sizes(args) -> str:
    """Whether cost is linear in size."""
    rows, shell = [], []
    for name in ("accept", "pairs"):
        ask, commands, lines = flowagg(args, QUESTIONS[name]), {}, {}
        for share in SHARES:
            paths = [args.paths[min(share, 1)]] * max(int(share), 1)
            label = f"{sum(map(bytes_of, paths)) / 1e9:.3f}"
            label += f" (x{share})" if share > 1 else ""
            commands[label] = f"{ask} {' '.join(paths)}"
            lines[label] = round(args.lines * share)
        measured, _ = all_rounds(args, f"sizes, {name}", commands)
        ns = [each.wall / lines[label] * 1e9 for label, each in measured.items()]
        for (label, each), cost in zip(measured.items(), ns):
            rows.append([f"{name} {label}", f"{each.wall:.3f}", f"{cost:.2f}", megabytes(each)])
        shell += commands.values()
        words = f"{name}, ns per record, most of all sizes over least"
        args.limits.append([words, f"{max(ns) / min(ns):.2f}"])
    text = (
        "Heads of one log; x2 and x4 are the log named two and four times, which adds no groups."
    )
    table = grid(["question, GB", "wall s", "ns per record", "peak MB"], rows)
    return section("sizes: cost by size", text, table, shell)


SECTIONS = {made.__name__: made for made in (ten, startup, objects, threads, levels, sizes)}
KINDS = {"objects": {"objects"}, "sizes": {"sizes"}}  # what logs.py must have made

if __name__ == "__main__":
    import compare

    compare.main(list(SECTIONS))
