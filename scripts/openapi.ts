// Writes services/lib/mesh/openapi.json: the OpenAPI 3.1 document of the RPCs over Connect with JSON, made from proto/, and of REST
// paths. tests/openapi.test.ts fails when the file is not that of the contract.
import { writeFileSync } from "node:fs";
import { openApiDocument } from "./openapi/openapi-document.ts";

const FILE = "services/lib/mesh/openapi.json";
const document = openApiDocument(process.cwd());
writeFileSync(FILE, `${JSON.stringify(document, null, 1)}\n`);
console.log(`${FILE}: ${Object.keys(document.paths ?? {}).length} paths`);
