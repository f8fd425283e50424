# The files of a feature group as plain Parquet: read by pyarrow and pandas, sorted, with a number for every column.

import pathlib
import sys
import time

import pandas
import pyarrow.parquet

folder = pathlib.Path(sys.argv[2]) / ".pentad" / "offline" / "weather"
for _ in range(120):
    files = sorted(folder.glob("*.parquet"))
    if files:
        break
    time.sleep(0.5)
assert files, f"expected a Parquet file in {folder}, got none"

table = pyarrow.parquet.read_table(files[0])
numbers = {field.name: int(field.metadata[b"PARQUET:field_id"]) for field in table.schema}
assert {name: number for name, number in numbers.items() if name.startswith("_")} == {
    "_event": 1,
    "_ordinal": 2,
    "_created": 3,
    "_commit": 4,
}, numbers
assert len(set(numbers.values())) == len(numbers), numbers

frame = pandas.read_parquet(files[0])
assert len(frame) == table.num_rows > 1000, len(frame)
assert frame["_event"].is_monotonic_increasing
assert str(frame["_event"].dtype).startswith("datetime64"), frame["_event"].dtype
assert frame["precipitation"].dtype == "float64", frame["precipitation"].dtype
assert frame["_created"].isna().all()  # history is known when it happened
print(f"feature_files.py: {len(frame)} rows, {len(numbers)} columns")
