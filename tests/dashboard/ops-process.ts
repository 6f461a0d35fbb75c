import { demoAlert, demoData } from "./demo-data.ts";
import { opsInMemory } from "./ops-in-memory.ts";
import { servePage } from "./page-harness.ts";

/**
 * ops-service in memory in its own process, which a test can freeze. `node ops-process.ts DIST` prints its
 * port. SIGUSR2 raises an alert; SIGTERM ends the process.
 */
const data = demoData();
const ops = opsInMemory(data);
const server = await servePage(process.argv[2] ?? "", ops.routes);
process.on("SIGUSR2", () => {
  const raised = demoAlert(4);
  data.alerts.push(raised);
  ops.alerts.publish([raised]);
});
process.on("SIGTERM", () => void server.stop());
console.log(server.addresses.web.port);
