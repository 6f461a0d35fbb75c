// `npm run bundle -- ml-service`: bundles a service into the files that its image starts.
import path from "node:path";
import { bundleService } from "./bundle/bundle-service.ts";
import { readCommandLine } from "./command-line.ts";

const { names } = readCommandLine({
  command: "npm run bundle",
  about:
    "Bundles a service with its packages into services/NAME/dist. The image of the service starts the bundle: node services/NAME/dist/main.js.",
  flags: {},
  names: { "ml-service": "the service that scores" },
  oneName: true,
  examples: ["ml-service"],
  exitCodes: "1 when a file cannot be bundled",
});

const [name = ""] = names;
const folder = path.resolve(import.meta.dirname, "../services", name, "dist");
const files = await bundleService(name, folder);
console.log(`${files.filter((file) => file.endsWith(".js")).length} programs and parts in services/${name}/dist`);
