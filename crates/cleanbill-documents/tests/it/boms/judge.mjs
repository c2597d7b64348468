// Judges CycloneDX documents by the JavaScript library of the standard: judge.mjs VERSION FILE...
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(process.cwd() + "/");
const { Validation } = require("@cyclonedx/cyclonedx-library");

let bad = 0;
for (const file of process.argv.slice(2)) {
  const version = file.match(/cdx-(1\.\d)\.json$/)[1];
  const judge = new Validation.JsonStrictValidator(version);
  const wrong = await judge.validate(readFileSync(file, "utf8"));
  if (wrong !== null) {
    bad += 1;
    console.log(`${file}: ${JSON.stringify(wrong).slice(0, 2000)}`);
  }
  console.log(`judged: ${file}`);
}
process.exit(bad ? 1 : 0);
