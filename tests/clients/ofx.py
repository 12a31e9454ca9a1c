"""Prints what ofxtools makes of a file, as JSON."""

import json
import sys

from ofxtools.Parser import OFXTree

tree = OFXTree()
tree.parse(sys.argv[1])
statement = tree.convert().statements[0]
lines = [[line.fitid, str(line.trnamt), line.memo] for line in statement.transactions]
print(json.dumps({"balance": str(statement.ledgerbal.balamt), "lines": lines}))
