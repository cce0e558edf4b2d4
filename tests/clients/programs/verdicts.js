// What Ajv says, which editors check files with: of each text by each schema, strictly compiled.
import { readFileSync } from "node:fs";
import Ajv2020 from "ajv/dist/2020.js";

const { schemas, texts } = JSON.parse(readFileSync(process.argv[2], "utf-8"));
const ajv = new Ajv2020();
const verdicts = {};
for (const [name, schema] of Object.entries(schemas)) {
  const isValid = ajv.compile(schema);
  verdicts[name] = (texts[name] ?? []).map((text) => isValid(text));
}
console.log(JSON.stringify(verdicts));
