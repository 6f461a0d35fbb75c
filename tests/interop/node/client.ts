// Runs the cases with a Node client: `client.ts mesh | connect-grpc | connect | connect-json | grpc-web URL`.
import { createMeshTransport } from "@bellwether/mesh/client/mesh-transport";
import type { Transport } from "@connectrpc/connect";
import {
  compressionGzip,
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { runCases } from "../cases.ts";

const [kind = "", url = ""] = process.argv.slice(2);
const web = { baseUrl: url, httpVersion: "1.1" } as const;
const gzip = { acceptCompression: [compressionGzip], sendCompression: compressionGzip, compressMinBytes: 0 };
const KINDS: Readonly<Record<string, (zip: object) => Transport>> = {
  mesh: () => createMeshTransport({ url }),
  "connect-grpc": (zip) => createGrpcTransport({ baseUrl: url, ...zip }),
  connect: (zip) => createConnectTransport({ ...web, ...zip }),
  "connect-json": (zip) => createConnectTransport({ ...web, useBinaryFormat: false, ...zip }),
  "grpc-web": (zip) => createGrpcWebTransport({ ...web, ...zip }),
};
const create = KINDS[kind];
if (!create) throw new Error(`no client ${kind}; there are ${Object.keys(KINDS).join(", ")}`);
const bidi = kind === "mesh" || kind === "connect-grpc";
for (const report of await runCases(create({}), create(gzip), bidi)) console.log(JSON.stringify(report));
process.exit(0);
