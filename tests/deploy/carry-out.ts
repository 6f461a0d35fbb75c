import { execFileSync } from "node:child_process";
import { cpSync, globSync, mkdirSync } from "node:fs";
import path from "node:path";
import { filesOf, readBuildContext } from "./build-context.ts";
import { type Instruction, parseList, parseVariables, readDockerfile } from "./dockerfile.ts";

/** The result of a Dockerfile's steps, without an image. */
export interface CarriedOut {
  /** Folder that takes the place of the image's "/". */
  readonly root: string;
  readonly workdir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly command: readonly string[];
}

interface StageState {
  readonly root: string;
  workdir: string;
  env: Record<string, string>;
  command: string[];
}

/**
 * Carries out a Dockerfile's COPY and RUN steps in folders below `scratch`, one per stage. This process's
 * Node and npm take the place of the base image's. A RUN may only name paths below its working directory.
 * @throws Error for a step that fails
 */
export function carryOut(file: string, checkout: string, scratch: string): CarriedOut {
  const context = readBuildContext(checkout);
  const stages = new Map<string, StageState>();
  let last: StageState | undefined;
  for (const { name, from, instructions } of readDockerfile(file)) {
    const base = stages.get(from);
    const state: StageState = {
      root: path.join(scratch, name),
      workdir: base?.workdir ?? "/",
      env: { ...base?.env },
      command: base?.command ?? [],
    };
    mkdirSync(state.root, { recursive: true });
    if (base) cpSync(base.root, state.root, { recursive: true, verbatimSymlinks: true });
    for (const instruction of instructions) step(instruction, state, { context, checkout, stages });
    stages.set(name, state);
    last = state;
  }
  if (!last) throw new Error(`${file}: no stage`);
  return last;
}

interface Around {
  readonly context: readonly string[];
  readonly checkout: string;
  readonly stages: ReadonlyMap<string, StageState>;
}

function step(instruction: Instruction, state: StageState, around: Around): void {
  const { name, text } = instruction;
  if (name === "WORKDIR") {
    state.workdir = text;
    mkdirSync(inside(state, "."), { recursive: true });
  } else if (name === "ENV") state.env = { ...state.env, ...parseVariables(instruction) };
  else if (name === "CMD") state.command = parseList(instruction);
  else if (name === "RUN") run(text, state);
  else if (name === "COPY") copy(instruction, state, around);
}

function run(text: string, state: StageState): void {
  if (/(^|[\s=])\//.test(text))
    throw new Error(`RUN ${text}: names an absolute path of the image, which is not on this machine`);
  execFileSync("sh", ["-c", text], { cwd: inside(state, "."), stdio: ["ignore", "ignore", "inherit"] });
}

function copy({ flags, text }: Instruction, state: StageState, { context, checkout, stages }: Around): void {
  const sources = text.split(" ");
  const to = inside(state, sources.pop() ?? ".");
  const stage = stages.get(flags.from ?? "");
  for (const source of sources) {
    if (stage) {
      const [found] = globSync(path.join(stage.root, source));
      if (found === undefined) throw new Error(`COPY ${text}: ${source} is not in ${flags.from}`);
      cpSync(found, to, { recursive: true, verbatimSymlinks: true });
      continue;
    }
    const files = filesOf(source, context);
    if (files.length === 0) throw new Error(`COPY ${text}: ${source} is not in the build context`);
    for (const file of files) {
      const below = "parents" in flags ? file : path.relative(source, file);
      cpSync(path.join(checkout, file), path.join(to, below));
    }
  }
}

/**
 * Returns the path on this machine of a path in the image, which is absolute or relative to the working
 * directory.
 */
function inside({ root, workdir }: StageState, file: string): string {
  return path.join(root, path.posix.resolve(workdir, file));
}
