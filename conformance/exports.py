"""Reads exported data sets with pyarrow and mlcroissant: types, missing values, hostile names, and the same rows in every format."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import logging

logging.disable(logging.WARNING)

import mlcroissant
import pyarrow as pa
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet

root = pathlib.Path(__file__).resolve().parent.parent
project = pathlib.Path(sys.argv[2])
folder = pathlib.Path(tempfile.mkdtemp(prefix="pentad-exports-"))
checked = 0


def check(right, what):
    global checked
    checked += 1
    if not right:
        print(f"exports.py: {what}")
        shutil.rmtree(folder)
        sys.exit(1)


def pentad(*args):
    done = subprocess.run(
        ["node", str(root / "bin" / "pentad.mjs"), *args, "--json"],
        capture_output=True,
        text=True,
        env={**os.environ, "TZ": "America/New_York"},
    )
    return done.returncode, json.loads(done.stdout)


def export(what, name, where=project):
    out = folder / name
    code, document = pentad("export", what, "--out", str(out), "--project", str(where))
    check(code == 0, f"export {what} as {name} failed: {document}")
    return out, document


def described(out):
    dataset = mlcroissant.Dataset(jsonld=f"{out}.croissant.json")
    check(len(dataset.metadata.issues.errors) == 0, f"{out.name}: {dataset.metadata.issues.errors}")
    return dataset


def same(what, where=project):
    name = what.replace("/", "-")
    arrow, document = export(what, f"{name}.arrow", where)
    parquet, _ = export(what, f"{name}.parquet", where)
    comma, _ = export(what, f"{name}.csv", where)
    table = pyarrow.ipc.open_file(arrow).read_all()
    table.validate(full=True)
    check(table.num_rows == document["rows"], f"{what}: {table.num_rows} rows in Arrow, {document['rows']} told")
    other = pyarrow.parquet.read_table(parquet)
    check(other.column_names == table.column_names, f"{what}: other columns in Arrow than in Parquet")
    check(pyarrow.csv.read_csv(comma).num_rows == table.num_rows, f"{what}: other rows in CSV")
    for field in table.schema:
        ours = table[field.name].to_pylist()
        if pa.types.is_timestamp(field.type):
            check(field.type.tz == "UTC", f"{what}: {field.name} has no time zone")
            ours = [value and value.replace(tzinfo=None) for value in ours]
        check(ours == other[field.name].to_pylist(), f"{what}: {field.name} differs between Arrow and Parquet")
    for out in (arrow, parquet, comma):
        described(out)
    return table, parquet, comma


for what in ("features/weather", "training/rain"):
    table, parquet, comma = same(what)
    check(pa.types.is_dictionary(table.schema.field("weather").type), f"{what}: a category is no dictionary")
    check(table.schema.field("wind").metadata[b"unit"] == b"m/s", f"{what}: the unit is lost")
    for out in (parquet, comma):
        records = [record for record, _ in zip(described(out).records("rows"), range(5))]
        wind = [record["rows/wind"] for record in records]
        check(wind == table["wind"].to_pylist()[:5], f"{out.name}: {wind} through Croissant")

odd = folder / "odd"
(odd / "data").mkdir(parents=True)
names = ["constructor", 'he said "x"', "größe 大", "a,b", "line'quote"]
rows = [
    ["k1", "2024-03-31T02:30:00+02:00", "1.5", "two", "true", "", ""],
    ["k2", "2024-10-27T01:30:00-04:00", "", "", "", "x\ny", ""],
    ["k3", "1969-12-31T23:59:59.999Z", "-0.25", "zwei, 大", "false", '"', ""],
]
quoted = lambda text: '"' + text.replace('"', '""') + '"'
vectors = ["[1, 2.5]", "", "[-0.1, 1e3]"]
lines = [["key", "at", *names, "v"], *([*row, vector] for row, vector in zip(rows, vectors))]
(odd / "rows.csv").write_text("\n".join(",".join(map(quoted, line)) for line in lines) + "\n", encoding="utf8")
types = ["number", "category", "boolean", "text", "category"]
features = ", ".join(
    f"[{json.dumps(name)}]: {kind}({{ optional: true, description: {json.dumps('of ' + name)} }})" for name, kind in zip(names, types)
)
(odd / "data" / "odd.ts").write_text(
    f"""import {{ boolean, category, csv, defineData, number, text, vector }} from "pentad";
export default defineData({{
  description: "Rows with odd names", license: "CC-BY-4.0",
  source: csv("rows.csv"), key: "key", eventTime: "at", features: {{ {features}, v: vector({{ dimensions: 2, optional: true }}) }},
}});
""",
    encoding="utf8",
)
code, document = pentad("run", "data/odd", "--project", str(odd))
check(code == 0, f"the project with odd names does not run: {document}")
table, parquet, comma = same("features/odd", odd)
check(table.column_names == ["key", "at", *names, "v"], f"names came back as {table.column_names}")
by_key = {row["key"]: row for row in table.to_pylist()}
check(by_key["k1"]["constructor"] == 1.5 and by_key["k2"]["constructor"] is None, "numbers under constructor are lost")
check(by_key["k3"]['he said "x"'] == "zwei, 大" and by_key["k2"]['he said "x"'] is None, "categories are lost")
check([by_key[key]["größe 大"] for key in ("k1", "k2", "k3")] == [True, None, False], "booleans are lost")
check(by_key["k2"]["a,b"] == "x\ny", "texts are lost")
check(all(row["line'quote"] is None for row in by_key.values()), "a column without any value has some")
check(table.schema.field("v").type == pa.list_(pa.float32()), f"vectors came back as {table.schema.field('v').type}")
check([by_key[key]["v"] for key in ("k1", "k2")] == [[1.0, 2.5], None], "vectors are lost")
moments = [by_key[key]["at"].isoformat() for key in ("k1", "k2", "k3")]
check(
    moments == ["2024-03-31T00:30:00+00:00", "2024-10-27T05:30:00+00:00", "1969-12-31T23:59:59.999000+00:00"],
    f"times came back as {moments}",
)
metadata = json.loads(pathlib.Path(f"{parquet}.croissant.json").read_text(encoding="utf8"))
check(metadata["license"] == "CC-BY-4.0" and metadata["description"] == "Rows with odd names", "licence or description is lost")
check([one["@id"] for one in metadata["recordSet"][0]["key"]] == ["rows/key", "rows/at"], "the key is lost")

code, document = pentad("export", "features/odd", "--out", str(parquet), "--project", str(odd))
check(code == 1 and document["error"]["code"] == "RUNTIME_TARGET_EXISTS", f"a file was overwritten: {document}")
shutil.rmtree(folder)
print(f"exports.py: {checked} checks passed")
