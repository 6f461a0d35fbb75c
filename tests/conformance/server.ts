// The server under test of Connect's conformance runner. It reads its configuration from standard input and
// writes its address to standard output. Argument: the listener to test, "grpc" or "web".
import { CallLimitsSchema, limits } from "@bellwether/gen/bellwether/policy/v1/limits_pb";
import { Role, role } from "@bellwether/gen/bellwether/policy/v1/role_pb";
import { startServer } from "@bellwether/mesh/server/start-server";
import { createLogger } from "@bellwether/telemetry/logger";
import { create, fromBinary, setExtension, toBinary } from "@bufbuild/protobuf";
import { MethodOptionsSchema } from "@bufbuild/protobuf/wkt";
import { conformanceRoute } from "./conformance-service.ts";
import {
  ServerCompatRequestSchema,
  ServerCompatResponseSchema,
} from "./generated/connectrpc/conformance/v1/server_compat_pb.ts";
import { ConformanceService } from "./generated/connectrpc/conformance/v1/service_pb.ts";

/** Subject of the certificate of the runner's clients. */
const CLIENT_NAME = "Conformance Client";

const listener = process.argv[2] === "grpc" ? "grpc" : "web";
const asked = fromBinary(ServerCompatRequestSchema, await readSized());
statePolicies(asked.messageReceiveLimit);

const { cert, key } = asked.serverCreds ?? {};
const clientCertificate = text(asked.clientTlsCert);
const server = await startServer({
  name: "conformance",
  ports: { grpc: 0, web: 0, admin: 0 },
  routes: [conformanceRoute()],
  errors: {},
  // The suite expects the protocol's own default.
  unknownFields: "ignore",
  logger: createLogger({ name: "conformance", destination: process.stderr }),
  ...(asked.useTls && {
    tls: { cert: text(cert), key: text(key), ...(clientCertificate !== "" && { ca: clientCertificate }) },
  }),
  ...(clientCertificate !== "" && { auth: { identities: { [CLIENT_NAME]: ["viewer"] } } }),
});
process.once("SIGTERM", async () => {
  await server.stop();
  process.exit(0);
});
const { host, port } = server.addresses[listener];
writeSized(
  toBinary(
    ServerCompatResponseSchema,
    create(ServerCompatResponseSchema, { host, port, ...(asked.useTls && cert && { pemCert: cert }) }),
  ),
);

/** Sets the options that a contract of this project has on each RPC: the role, and the size of a request. */
function statePolicies(maxRequestBytes: number): void {
  for (const method of ConformanceService.methods) {
    const options = method.proto.options ?? create(MethodOptionsSchema);
    setExtension(options, role, Role.VIEWER);
    setExtension(options, limits, create(CallLimitsSchema, { maxRequestBytes }));
    method.proto.options = options;
  }
}

function text(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString("utf8");
}

/** Reads one message, which follows its length (four bytes, big-endian). */
async function readSized(): Promise<Uint8Array> {
  let read = Buffer.alloc(0);
  for await (const chunk of process.stdin) {
    read = Buffer.concat([read, chunk]);
    if (read.length >= 4 && read.length >= 4 + read.readUInt32BE()) return read.subarray(4, 4 + read.readUInt32BE());
  }
  throw new Error("standard input ended before the request did");
}

function writeSized(message: Uint8Array): void {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(message.length);
  process.stdout.write(Buffer.concat([length, message]));
}
