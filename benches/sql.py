"""The questions in SQL, as one writes them by hand; what dialects differ in comes from peers.py."""

from questions import TOP, Question


def sql(question: Question, table: str, number: str = "bytes", test: str = "") -> str:
    """One statement that groups once and gives the top and the count of all groups."""
    keys = ", ".join(question.keys)
    test = condition(question, test or f"{number} IS NOT NULL", ())
    groups = f"SELECT {keys}, sum({number}) AS total FROM {table} WHERE {test} GROUP BY {keys}"
    order = f"ORDER BY total DESC, {keys} LIMIT {TOP}"
    return f"SELECT *, count(*) OVER () AS contributors FROM ({groups}) {order}"


def rows_sql(question: Question, table: str, number: str, start: str, test: str) -> str:
    """One statement that gives the rows of a list, and no more: keys, then what they add up to.
    `number` and `start` are bytes and start as numbers, `test` holds where there was traffic."""
    keys, total = list(question.keys), f"sum({number})"
    if question.unique:  # on two levels: cheaper than count(DISTINCT), also in DuckDB
        each = ", ".join([*keys, question.unique])
        table, test = f"(SELECT DISTINCT {each} FROM {table} WHERE {test})", ""
        total = "count(*)"
    picked = list(keys)
    if question.bin:
        picked.append(f"{start} - {start} % {question.bin} AS bin")
        keys.append("bin")
    order = ", ".join(keys if question.bin else ["total DESC", *keys])
    text = f"SELECT {', '.join(picked)}, {total} AS total FROM {table}"
    text += f" WHERE {test}" if test else ""
    text += f" GROUP BY {', '.join(keys)} ORDER BY {order}"
    return text if question.bin else f"{text} LIMIT {TOP}"


def lists_sql(question: Question, table: str) -> str:
    """Several lists of what is in a table, in one statement: which list, keys, total."""
    lists, width = [], max(map(len, question.lists))
    for number, keys in enumerate(question.lists):
        texts = [f"CAST({key} AS VARCHAR)" for key in keys] + ["''"] * (width - len(keys))
        picked = ", ".join(f"{text} AS key_{place}" for place, text in enumerate(texts))
        order = ", ".join(["total DESC", *keys])
        lists.append(
            f"SELECT * FROM (SELECT {number} AS list, {picked}, sum(bytes) AS total FROM {table} "
            f"GROUP BY {', '.join(keys)} ORDER BY {order} LIMIT {TOP})"
        )
    return " UNION ALL ".join(lists)


def condition(question: Question, test: str, numbers: tuple) -> str:
    """A test, and those of the question, where these columns are numbers."""
    for column, values in question.tests:
        if "/" in values[0]:
            test += f" AND {column} LIKE '{beginning(values[0])}%'"
            continue
        listed = ", ".join(literal(question, column, value, numbers) for value in values)
        test += f" AND {column} = {listed}" if len(values) == 1 else f" AND {column} IN ({listed})"
    return test


def beginning(prefix: str) -> str:
    """What the text of each address in a prefix begins with: of 10.0.0.0/8 it is `10.`."""
    address, length = prefix.split("/")
    return "".join(f"{part}." for part in address.split(".")[: int(length) // 8])


def literal(question: Question, column: str, value: str, numbers: tuple) -> str:
    """A value as SQL has it: of text all columns but bytes and `numbers` are texts."""
    is_number = question.is_parquet and column in ("dstport", "protocol")
    return value if is_number or column in numbers else f"'{value}'"
