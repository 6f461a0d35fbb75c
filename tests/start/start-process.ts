// Runs a service as its main.ts does, but without `process.exit`: a handle that a failed start leaves open
// keeps this process alive.
import { runService } from "@bellwether/mesh/server/run-service";

const [, , name] = process.argv;
const run = async (): Promise<number> => {
  switch (name) {
    case "ml-service":
      return runService((await import("@bellwether/ml-service/service-env")).ML_SERVICE, process.env);
    case "ops-service":
      return runService((await import("@bellwether/ops-service/service-env")).OPS_SERVICE, process.env);
    default:
      return runService((await import("@bellwether/scheduler-service/service-env")).SCHEDULER_SERVICE, process.env);
  }
};
process.exitCode = await run();
