import { readFileSync } from "node:fs";

/** One line of a Dockerfile. */
export interface Instruction {
  readonly name: string;
  /** Flags such as --from, without dashes; "" for one without a value. */
  readonly flags: Readonly<Record<string, string>>;
  readonly text: string;
}

/** What one FROM begins. */
export interface Stage {
  readonly name: string;
  /** An image, or the name of a stage before it. */
  readonly from: string;
  readonly instructions: readonly Instruction[];
}

const INSTRUCTIONS = new Set(["FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "EXPOSE", "CMD"]);

/** The stages of a Dockerfile in the plain form that ours have: one instruction a line. @throws Error for anything else */
export function readDockerfile(file: string): Stage[] {
  const stages: { name: string; from: string; instructions: Instruction[] }[] = [];
  for (const line of readFileSync(file, "utf8").split("\n")) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const instruction = parseLine(line);
    if (instruction.name === "FROM") {
      const [from = "", , name = "final"] = instruction.text.split(" ");
      stages.push({ name, from, instructions: [] });
    } else stages.at(-1)?.instructions.push(instruction);
  }
  return stages;
}

/** The form of an instruction that is a list, as CMD is. */
export function parseList({ text }: Instruction): string[] {
  const list: unknown = JSON.parse(text);
  if (Array.isArray(list) && list.every((item) => typeof item === "string")) return list;
  throw new Error(`not a list of strings: ${text}`);
}

/** `NAME=value OTHER=value`, as ENV has it. */
export function parseVariables({ text }: Instruction): Record<string, string> {
  return Object.fromEntries(text.split(" ").map((pair) => pair.split("=", 2)));
}

function parseLine(line: string): Instruction {
  const [name = "", ...words] = line.split(" ");
  if (!INSTRUCTIONS.has(name) || line.endsWith("\\")) throw new Error(`not read here: ${line}`);
  const flags: Record<string, string> = {};
  while (name === "COPY" && words[0]?.startsWith("--")) {
    const [flag = "", value = ""] = (words.shift() ?? "").slice(2).split("=");
    flags[flag] = value;
  }
  return { name, flags, text: words.join(" ") };
}
