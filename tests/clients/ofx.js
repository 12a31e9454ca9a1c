// Prints what a reader of OFX makes of a file, as JSON: `ofx.js PACKAGE FILE`.
"use strict";

const fs = require("node:fs");

const [name, file] = process.argv.slice(2);

async function main() {
  const { parse } = require(name);
  // One of the readers is asynchronous.
  const { OFX } = await parse(fs.readFileSync(file, "utf8"));
  const { BANKTRANLIST, LEDGERBAL } = OFX.BANKMSGSRSV1.STMTTRNRS.STMTRS;
  const lines = BANKTRANLIST.STMTTRN.map(({ FITID, TRNAMT, MEMO }) => [FITID, TRNAMT, MEMO ?? null]);
  console.log(JSON.stringify({ balance: LEDGERBAL.BALAMT, lines }));
}

main();
