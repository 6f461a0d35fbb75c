import { once } from "node:events";
import path from "node:path";
import { type EndedProcess, type NodeProcess, spawnNode } from "@bellwether/testing/node-process";

/** A command line with its environment and working folder. */
export interface CommandRequest {
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
}

/**
 * A process in which commands of `bellwether` run one after the other: a process for each would spend its time with loading modules.
 * It starts with the first command.
 */
export interface RunningCommands extends AsyncDisposable {
  /** Runs a command to its end, with nothing on stdin. */
  run(request: CommandRequest): Promise<EndedProcess>;
}

/** Time in which the process must end when its last command has ended. */
const ENDING_MS = 60_000;

/** Disposal throws when a command has left something open: in its own process, it would not have ended. */
export function startCommands(): RunningCommands {
  let started: NodeProcess | undefined;
  let last: Promise<unknown> = Promise.resolve();
  const runNow = async (request: CommandRequest): Promise<EndedProcess> => {
    started ??= spawnNode(path.join(import.meta.dirname, "command-process.ts"), { stderr: "collect" });
    const { child, ended, errors } = started;
    const answered = once(child, "message");
    child.send(request);
    const early = ended.then((code) =>
      Promise.reject(new Error(`a command ended its process with ${code}: ${errors()}`)),
    );
    const [answer] = await Promise.race([answered, early]);
    return answer;
  };
  return {
    run(request) {
      const answer = last.then(() => runNow(request));
      last = answer.catch(() => {});
      return answer;
    },
    async [Symbol.asyncDispose]() {
      await last;
      if (started === undefined) return;
      const { child, ended, errors } = started;
      if (child.connected) child.disconnect();
      const late = setTimeout(() => child.kill("SIGKILL"), ENDING_MS);
      const code = await ended;
      clearTimeout(late);
      if (code !== 0) throw new Error(`the process of the commands ended with ${code}: ${errors()}`);
    },
  };
}
