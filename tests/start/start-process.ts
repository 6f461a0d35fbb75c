// Runs starts of a service that fail, one after the other, each as its main.ts does, but without `process.exit`: a handle that one of
// them leaves open keeps this process alive. After each start it prints its exit code on stderr, in a line of its own.
import { runService } from "@bellwether/mesh/server/run-service";

/** Time after which a process that is still alive says what keeps it so. */
const SAY_OPEN_MS = 30_000;

const [, , name, given = "[]"] = process.argv;
/** Variables of each start, besides those of this process. */
const starts: readonly Readonly<Record<string, string>>[] = JSON.parse(given);

const run = async (env: NodeJS.ProcessEnv): Promise<number> => {
  switch (name) {
    case "ml-service":
      return runService((await import("@bellwether/ml-service/service-env")).ML_SERVICE, env);
    case "ops-service":
      return runService((await import("@bellwether/ops-service/service-env")).OPS_SERVICE, env);
    default:
      return runService((await import("@bellwether/scheduler-service/service-env")).SCHEDULER_SERVICE, env);
  }
};
for (const env of starts) console.error(`exit code ${await run({ ...process.env, ...env })}`);
setTimeout(() => console.error(`open: ${process.getActiveResourcesInfo().join(", ")}`), SAY_OPEN_MS).unref();
