// One replica of ml-service for `bench -- swap`: started with the registry's URL and a folder for copies as arguments.
import { createMlService } from "@bellwether/ml-service/service";
import { openRegistry } from "@bellwether/registry/open-registry";
import { createLogger } from "@bellwether/telemetry/logger";
import { DEMO_SPEC } from "@bellwether/testing/demo-model";

const [url = "", copies = ""] = process.argv.slice(2);
const server = await createMlService({
  ...{ host: "127.0.0.1", ports: { grpc: 0, web: 0, admin: 0 }, defaultModel: DEMO_SPEC.name, pollMs: 1_000 },
  registryRoot: openRegistry(url, process.cwd(), {}),
  registryCache: { folder: copies, maxBytes: 2 ** 30 },
  contract: DEMO_SPEC,
  scoringThreads: 1,
  logger: createLogger({ name: "ml-service", level: "silent" }),
});
process.send?.({ grpc: `http://127.0.0.1:${server.addresses.grpc.port}` });
process.once("SIGTERM", () => void server.stop().then(() => process.exit(0)));
