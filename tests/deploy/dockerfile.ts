import { readFileSync } from "node:fs";

/** One line of a Dockerfile. */
export interface Instruction {
  readonly name: string;
  /** Flags such as --from, by name without dashes; "" for a flag without a value. */
  readonly flags: Readonly<Record<string, string>>;
  readonly text: string;
}

/** A stage: a FROM and the instructions after it. */
export interface Stage {
  readonly name: string;
  /** An image, or the name of an earlier stage. */
  readonly from: string;
  readonly instructions: readonly Instruction[];
}

const INSTRUCTIONS = new Set(["FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "EXPOSE", "CMD"]);

/**
 * Returns the stages of a Dockerfile with one instruction a line, which is the only form that this project
 * uses.
 * @throws Error for any other form
 */
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

/** Parses the list form of an instruction, such as `CMD ["node", "main.js"]`. */
export function parseList({ text }: Instruction): string[] {
  const list: unknown = JSON.parse(text);
  if (Array.isArray(list) && list.every((item) => typeof item === "string")) return list;
  throw new Error(`not a list of strings: ${text}`);
}

/** Parses `NAME=value OTHER=value`, the form of ENV. */
export function parseVariables({ text }: Instruction): Record<string, string> {
  return Object.fromEntries(text.split(" ").map((pair) => pair.split("=", 2)));
}

function parseLine(line: string): Instruction {
  const [name = "", ...words] = line.split(" ");
  if (!INSTRUCTIONS.has(name) || line.endsWith("\\"))
    throw new Error(`this form of instruction is not supported: ${line}`);
  const flags: Record<string, string> = {};
  while (name === "COPY" && words[0]?.startsWith("--")) {
    const [flag = "", value = ""] = (words.shift() ?? "").slice(2).split("=");
    flags[flag] = value;
  }
  return { name, flags, text: words.join(" ") };
}
