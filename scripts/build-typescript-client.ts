// `npm run client:typescript`: generates the code of the contract, compiles clients/typescript, and packs it for npm.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { readCommandLine } from "./command-line.ts";
import { exportedFiles } from "./proto-export/exported-files.ts";
import { writeFiles } from "./proto-export/write-files.ts";

readCommandLine({
  command: "npm run client:typescript",
  about:
    "Generates the code of the contract into clients/typescript/src/gen, compiles the client, and packs it as dist/bellwether-client-VERSION.tgz.",
  flags: {},
  examples: [""],
  exitCodes: "1 when the code cannot be generated or compiled",
});

const ROOT = path.resolve(import.meta.dirname, "..");
const CLIENT = path.join(ROOT, "clients/typescript");
const GENERATED = path.join(CLIENT, "src/gen");
const PACKED = path.join(ROOT, "dist");

const protos = mkdtempSync(path.join(os.tmpdir(), "bellwether-protos-"));
try {
  writeFiles(protos, await exportedFiles());
  for (const folder of [GENERATED, path.join(CLIENT, "dist")]) rmSync(folder, { recursive: true, force: true });
  const plugin = {
    local: "protoc-gen-es",
    out: GENERATED,
    opt: ["target=ts", "import_extension=ts", "erasable_syntax=true"],
  };
  run("buf", "generate", protos, "--template", JSON.stringify({ version: "v2", plugins: [plugin] }));
  run("tsc", "-p", CLIENT);
  mkdirSync(PACKED, { recursive: true });
  run("npm", "pack", CLIENT, "--silent", "--pack-destination", PACKED);
} finally {
  rmSync(protos, { recursive: true, force: true });
}

function run(command: string, ...args: string[]): void {
  execFileSync(command, args, { cwd: ROOT, stdio: "inherit" });
}
