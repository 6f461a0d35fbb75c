import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { ROOT } from "./render.ts";

/**
 * Runs the block of deploy/README.md that contains `line`, in `cwd`. Shell `functions` replace the programs
 * that are not on this machine.
 */
export function runReadmeBlock(line: string, cwd: string, functions: string): void {
  const text = readFileSync(path.join(ROOT, "deploy/README.md"), "utf8");
  const block = [...text.matchAll(/```sh\n([\s\S]*?)```/g)]
    .map(([, body = ""]) => body)
    .find((body) => body.includes(line));
  if (block === undefined) throw new Error(`deploy/README.md has no block with ${line}`);
  execFileSync("bash", ["-euc", `${functions}\n${block}`], { cwd, stdio: ["ignore", "ignore", "pipe"] });
}
