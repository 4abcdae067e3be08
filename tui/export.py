"""Records as the text of a file.

Rule: JSON lines keep every field as it is; CSV has the same fields as columns and opens in a spreadsheet (UTF-8 with
a mark).
"""

import csv
import json
from io import StringIO

from b2bua.console.protocol import Row


def as_json_lines(rows: list[Row]) -> str:
    """A row a line."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def as_csv(rows: list[Row]) -> str:
    """A table with a head."""
    text = StringIO(newline="")
    text.write("\ufeff")
    table = csv.DictWriter(text, list(dict.fromkeys(field for row in rows for field in row)))
    table.writeheader()
    table.writerows({field: _safe(value) for field, value in row.items()} for row in rows)
    return text.getvalue()


def _safe(value: object) -> object:
    """A text that a spreadsheet does not take for a formula: callers choose what stands in some fields."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
