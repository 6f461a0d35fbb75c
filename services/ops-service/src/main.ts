import { runService } from "@bellwether/mesh/server/run-service";
import { OPS_SERVICE } from "./service-env.ts";

process.exit(await runService(OPS_SERVICE, process.env));
