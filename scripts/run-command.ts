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

/**
 * Runs a command at the same time as others. Its output is printed when it has ended, so that it is not mixed with
 * the output of the others.
 */
export async function inOnePiece<T>(output: Output, part: (own: Output) => Promise<T>): Promise<T> {
  let text = "";
  const write = (more: string): void => {
    text += more;
  };
  try {
    return await part({ line: (line) => write(`${line}\n`), write, env: output.env });
  } finally {
    output.write(text);
  }
}

/** Runs a command to its end. Returns its exit code, or null when a signal ended it. */
export async function runCommand(command: string, args: readonly string[], output: Output): Promise<number | null> {
  const child = spawn(command, args, { env: output.env, stdio: ["inherit", "pipe", "pipe"] });
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", output.write);
  const [code] = await once(child, "close");
  return code;
}
