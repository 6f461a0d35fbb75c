import { spawn } from "node:child_process";
import { once } from "node:events";
import { PORTS } from "./free-ports.ts";

/** A command that takes longer is ended and counts as failed. */
const COMMAND_TIMEOUT_MS = 120_000;

/** The folder and the environment in which the commands of the pages run. */
export interface Shell {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Replaces the default ports in a text by the ports of this run. */
  readonly translate: (text: string) => string;
}

/** How a command ended. */
export interface Ended {
  /** Exit code. Null when the command was ended because it took too long. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Returns the environment of a terminal that somebody has just opened in `cwd`: without npm's variables and
 * without settings of Bellwether except the ports.
 */
export function openShell(
  cwd: string,
  ports: Readonly<Record<string, number>>,
  variables: Readonly<Record<string, string | undefined>>,
): Shell {
  const { PATH = "", HOME, TMPDIR, USER = "reader" } = process.env;
  const outside = PATH.split(":").filter((folder) => !folder.includes("node_modules"));
  const changed = Object.entries(ports).filter(([name, port]) => PORTS[name] !== port);
  const env = {
    ...{ PATH: outside.join(":"), HOME, TMPDIR, USER, LANG: "C.UTF-8" },
    ...variables,
    ...Object.fromEntries(changed.map(([name, port]) => [name, String(port)])),
  };
  const chosen = new Map(Object.entries(PORTS).map(([name, port]) => [String(port), String(ports[name] ?? port)]));
  const translate = (text: string) =>
    text.replaceAll(/\b(localhost|127\.0\.0\.1):(\d+)\b/g, (_, host, port) => `${host}:${chosen.get(port) ?? port}`);
  return { cwd, env, translate };
}

/** Runs shell commands. The first command that fails ends the run. */
export const runCommands = (shell: Shell, text: string, timeoutMs = COMMAND_TIMEOUT_MS): Promise<Ended> =>
  run("bash", ["--norc", "-euo", "pipefail", "-c", shell.translate(text)], shell, "", timeoutMs);

/** Runs a Python program. */
export const runPython = (shell: Shell, text: string): Promise<Ended> =>
  run("python3", ["-"], shell, shell.translate(text));

async function run(
  command: string,
  args: readonly string[],
  { cwd, env }: Shell,
  input: string,
  timeout = COMMAND_TIMEOUT_MS,
): Promise<Ended> {
  const child = spawn(command, args, { cwd, env, timeout });
  const output = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output.stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    output.stderr += text;
  });
  // A command that reads no input may have ended by now.
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const [code] = await once(child, "close");
  return { code, ...output };
}
