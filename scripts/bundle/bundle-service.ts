import { rm } from "node:fs/promises";
import path from "node:path";
import { rolldown } from "rolldown";
import { httpExports } from "./http-exports.ts";
import { linkedFiles } from "./linked-files.ts";

const ROOT = path.resolve(import.meta.dirname, "../..");

/** Packages with native libraries. They stay outside of the bundle. */
const NATIVE = [/^onnxruntime-node/];

/**
 * Bundles a service with the packages it needs into a few files, which start in less time than a thousand. Replaces the folder
 * `to` and returns the names of its files; `main.js` starts the service.
 */
export async function bundleService(name: string, to: string): Promise<readonly string[]> {
  await rm(to, { recursive: true, force: true });
  await using bundle = await rolldown({
    input: { main: path.join(ROOT, "services", name, "src/main.ts") },
    platform: "node",
    // Node itself reads the sources without it, and the image has no tsconfig.json.
    tsconfig: false,
    external: NATIVE,
    plugins: [httpExports(), linkedFiles()],
  });
  const { output } = await bundle.write({
    dir: to,
    format: "esm",
    entryFileNames: "[name].js",
    chunkFileNames: "[name]-[hash].js",
  });
  return output.map(({ fileName }) => fileName);
}
