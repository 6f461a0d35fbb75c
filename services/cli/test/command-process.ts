// Runs commands of `bellwether` one after the other, each as main.ts does. It ends by itself when its parent has closed the channel and
// no command has left a handle open.
import { runCommandLine } from "../src/run-command-line.ts";
import type { CommandRequest } from "./running-commands.ts";

type Write = typeof process.stdout.write;

/** Returns a `write` of a standard stream that collects what is written. */
function collectingIn(chunks: Buffer[]): Write {
  return ((chunk: string | Uint8Array, encoding?: BufferEncoding | (() => void), done?: () => void): boolean => {
    chunks.push(
      typeof chunk === "string"
        ? Buffer.from(chunk, typeof encoding === "string" ? encoding : "utf8")
        : Buffer.from(chunk),
    );
    const written = typeof encoding === "function" ? encoding : done;
    if (written) process.nextTick(written);
    return true;
  }) as Write;
}

async function run({ args, env, cwd }: CommandRequest): Promise<void> {
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  process.chdir(cwd);
  process.stdout.write = collectingIn(out);
  process.stderr.write = collectingIn(err);
  await runCommandLine({ env, cwd }, args);
  const code = Number(process.exitCode ?? 0);
  process.exitCode = 0;
  process.send?.({ code, signal: null, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() });
}

process.on("message", (request: CommandRequest) => void run(request));
