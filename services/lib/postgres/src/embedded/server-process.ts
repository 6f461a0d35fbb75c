import { execFile } from "node:child_process";
import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";

/**
 * Whether process `pid` is a PostgreSQL server on the data folder `data`. After a kill or a restart of the
 * machine, the id in postmaster.pid may belong to an unrelated process.
 */
export async function isServerOf(pid: number, data: string): Promise<boolean> {
  const cmdline = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => null);
  if (cmdline === null) return (await commandOf(pid)).includes(data);
  const [program = "", ...args] = cmdline.split("\0");
  if (path.basename(program) !== "postgres") return false;
  return args.includes(data) || (await isSameFolder(`/proc/${pid}/cwd`, data));
}

/** Returns the command of a process on systems without /proc. */
async function commandOf(pid: number): Promise<string> {
  const command = await promisify(execFile)("ps", ["-o", "command=", "-p", String(pid)]).catch(() => null);
  return command !== null && /\bpostgres\b/.test(command.stdout) ? command.stdout : "";
}

/** The working directory of a server is its data folder, even after the folder was moved. */
async function isSameFolder(a: string, b: string): Promise<boolean> {
  const [left, right] = await Promise.all([a, b].map((place) => stat(place).catch(() => null)));
  return left?.dev === right?.dev && left?.ino === right?.ino && left !== null;
}
