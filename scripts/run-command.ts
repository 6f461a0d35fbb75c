import { spawn } from "node:child_process";
import { once } from "node:events";

/** Where a command and its caller print. */
export interface Output {
  /** Prints a line. */
  line(text: string): void;
  /** Prints what a command has written. */
  write(text: string): void;
  /** Environment of the commands. */
  readonly env: NodeJS.ProcessEnv;
}

/** Prints at once. */
export function printing(env: NodeJS.ProcessEnv): Output {
  return { line: (text) => console.log(text), write: (text) => void process.stdout.write(text), env };
}

/** Keeps everything until `print`, so that the lines of two commands that run at the same time are not mixed. */
export function keeping(env: NodeJS.ProcessEnv): Output & { readonly print: () => void } {
  let kept = "";
  const write = (text: string): void => {
    kept += text;
  };
  return { line: (text) => write(`${text}\n`), write, env, print: () => void process.stdout.write(kept) };
}

/** Runs a command to its end. Returns its exit code, or null when a signal ended it. */
export async function runCommand(command: string, args: readonly string[], output: Output): Promise<number | null> {
  const child = spawn(command, args, { env: output.env, stdio: ["inherit", "pipe", "pipe"] });
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", output.write);
  const [code] = await once(child, "close");
  return code;
}
