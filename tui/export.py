"""Records to a file.

Rule: JSON lines keep every field as it is; CSV has the same fields as columns and opens in a spreadsheet (UTF-8 with a
mark).
"""

import csv
import json
from pathlib import Path

from b2bua.wire import Row


def export(rows: list[Row], path: Path) -> int:
    """Write these rows, JSON lines if the name ends in `.jsonl`; gives how many; raises OSError."""
    if path.suffix == ".jsonl":
        with path.open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        return len(rows)
    fields = list(dict.fromkeys(field for row in rows for field in row))
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        table = csv.DictWriter(file, fields)
        table.writeheader()
        table.writerows({field: _safe(value) for field, value in row.items()} for row in rows)
    return len(rows)


def _safe(value: object) -> object:
    """A text that a spreadsheet does not take for a formula: callers choose what stands in some fields."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@") else value
