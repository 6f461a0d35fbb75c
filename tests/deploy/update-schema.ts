// `node tests/deploy/update-schema.ts`: writes kubernetes.schema.json from the API server that go/go.mod
// pins.
import { writeFileSync } from "node:fs";
import { startApiServer } from "./api-server.ts";
import { buildGoTool } from "./go-tool.ts";
import { SCHEMA_FILE } from "./kubernetes-schema.ts";
import { liveDefinitions } from "./live-definitions.ts";

await using server = await startApiServer(await buildGoTool("kube-apiserver"), await buildGoTool("etcd"));
const { version, definitions } = await liveDefinitions(server);
const lines = Object.entries(definitions).map(
  ([name, definition]) => `    ${JSON.stringify(name)}: ${JSON.stringify(definition)}`,
);
writeFileSync(
  SCHEMA_FILE,
  `{\n  "version": ${JSON.stringify(version)},\n  "definitions": {\n${lines.join(",\n")}\n  }\n}\n`,
);
console.log(`${lines.length} definitions of Kubernetes ${version}`);
