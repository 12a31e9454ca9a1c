"""Prints all cells of a CSV file, as JSON, as each dialect splits it."""

import csv
import json
import sys

with open(sys.argv[1], encoding="utf-8", newline="") as file:
    text = file.read()
dialects = [{"delimiter": delimiter} for delimiter in ",;\t|"]
dialects += [{**dialect, "skipinitialspace": True} for dialect in dialects]
cells = []
for dialect in dialects:
    # What splits text at lines does so at U+2028 too.
    for lines in (text.splitlines(keepends=True), text.split("\n")):
        cells += [cell for row in csv.reader(lines, **dialect) for cell in row]
print(json.dumps(cells))
