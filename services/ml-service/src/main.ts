import { runService } from "@bellwether/mesh/server/run-service";
import { ML_SERVICE } from "./service-env.ts";

process.exit(await runService(ML_SERVICE, process.env));
