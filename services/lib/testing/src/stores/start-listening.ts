import { spawn } from "node:child_process";
import { once } from "node:events";

/** A program that listens on a port. */
export interface ListeningProgram extends AsyncDisposable {
  /** URL of its listener. */
  readonly address: string;
}

export interface ListeningOptions {
  /** Finds the address, its first group, in what the program writes. */
  readonly ready: RegExp;
  readonly name: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Longest start on a loaded machine, ms. */
const START_MS = 120_000;
/** Most characters of output that are searched and shown. */
const MAX_OUTPUT = 20_000;

/** Starts a program and waits until it says where it listens. @throws Error with its output when it ends first */
export async function startListening(
  command: string,
  args: readonly string[],
  { ready, name, env }: ListeningOptions,
): Promise<ListeningProgram> {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env } });
  const ended = once(child, "exit");
  let output = "";
  const address = await new Promise<string>((resolve, reject) => {
    const read = (text: string): void => {
      output = (output + text).slice(-MAX_OUTPUT);
      const found = ready.exec(output)?.[1];
      if (found === undefined) return;
      clearTimeout(late);
      resolve(found);
    };
    child.stdout.setEncoding("utf8").on("data", read);
    child.stderr.setEncoding("utf8").on("data", read);
    child.once("error", reject);
    const late = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`${name} does not listen after ${START_MS / 1000} s: ${output}`));
    }, START_MS);
    child.once("exit", () => clearTimeout(late));
    ended.then(([code]) => reject(new Error(`${name} ended with ${code}: ${output}`)), reject);
  });
  return {
    address,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
      await ended;
    },
  };
}
