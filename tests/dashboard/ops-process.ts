import { demoAlert, demoData } from "./demo-data.ts";
import { opsInMemory } from "./ops-in-memory.ts";
import { servePage } from "./page-harness.ts";

/**
 * ops-service in memory in its own process, which a test can freeze. `node ops-process.ts DIST` prints its
 * port. SIGUSR2 raises an alert without an event to the watches; SIGTERM ends the process.
 */
const data = demoData();
const server = await servePage(process.argv[2] ?? "", opsInMemory(data).routes);
process.on("SIGUSR2", () => void data.alerts.push(demoAlert(4)));
process.on("SIGTERM", () => void server.stop());
console.log(server.addresses.web.port);
