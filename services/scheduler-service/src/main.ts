import { runService } from "@bellwether/mesh/server/run-service";
import { SCHEDULER_SERVICE } from "./service-env.ts";

process.exit(await runService(SCHEDULER_SERVICE, process.env));
