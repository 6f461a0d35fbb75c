import { parseArgs } from "node:util";

/** Usage of a command. */
export interface CommandForm<Flag extends string, Option extends string = never> {
  /** Command as it is typed, for example "npm run faults". */
  readonly command: string;
  /** What the command does, in one sentence. */
  readonly about: string;
  /** Flags by name, with what each does. */
  readonly flags: Readonly<Record<Flag, string>>;
  /** Options with a value, by name: the placeholder of the value in the usage, and what the option does. */
  readonly options?: Readonly<Record<Option, { readonly value: string; readonly does: string }>>;
  /** Names that may be given as arguments, with a description. Absent: no arguments. */
  readonly names?: Readonly<Record<string, string>>;
  /** Whether exactly one name is required. Default false: any number. */
  readonly oneName?: boolean;
  /** Arguments of example calls. */
  readonly examples: readonly string[];
  /** Exit codes other than 0. */
  readonly exitCodes: string;
}

/** Parsed arguments of a command. */
export interface ParsedArguments<Flag extends string, Option extends string = never> {
  readonly flags: Readonly<Record<Flag, boolean>>;
  /** Values of the given options, by name. */
  readonly options: Readonly<Partial<Record<Option, string>>>;
  readonly names: readonly string[];
}

/**
 * Parses the arguments of this process. With --help, prints the usage and exits. For an unknown argument,
 * prints it to stderr and exits with 2.
 */
export function readCommandLine<Flag extends string, Option extends string = never>(
  form: CommandForm<Flag, Option>,
): ParsedArguments<Flag, Option> {
  const reject = (violation: string): never => {
    console.error(`${violation}\n\n${usage(form)}`);
    process.exit(2);
  };
  const known: string[] = Object.keys(form.flags);
  const valued: string[] = Object.keys(form.options ?? {});
  const boolean = { type: "boolean" as const };
  const options = {
    ...Object.fromEntries(known.map((flag) => [flag, boolean])),
    ...Object.fromEntries(valued.map((option) => [option, { type: "string" as const }])),
    help: { ...boolean, short: "h" },
  };
  const { values, positionals, tokens } = parseArgs({ options, allowPositionals: true, strict: false, tokens: true });
  if (values.help === true) {
    console.log(usage(form));
    process.exit(0);
  }
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    if (valued.includes(token.name)) {
      if (token.value === undefined || token.value.startsWith("-")) reject(`${token.rawName} needs a value`);
      continue;
    }
    if (!known.includes(token.name)) reject(`unknown option ${token.rawName}`);
    if (token.value !== undefined) reject(`${token.rawName} does not accept a value, but got "${token.value}"`);
  }
  const names = Object.keys(form.names ?? {});
  const strange = positionals.filter((name) => !names.includes(name));
  if (strange.length > 0) {
    reject(
      names.length === 0
        ? `${form.command} does not accept arguments, but got ${strange.join(", ")}`
        : `unknown name ${strange.join(", ")}; known names: ${names.join(", ")}`,
    );
  }
  if (form.oneName === true && positionals.length !== 1) {
    reject(`${form.command} needs exactly one name, but got ${positionals.join(", ") || "none"}`);
  }
  const flags = Object.fromEntries(known.map((flag) => [flag, values[flag] === true]));
  const given = Object.fromEntries(valued.flatMap((option) => (values[option] ? [[option, values[option]]] : [])));
  return {
    flags: flags as Record<Flag, boolean>,
    options: given as Partial<Record<Option, string>>,
    names: positionals,
  };
}

function usage<Flag extends string, Option extends string>(form: CommandForm<Flag, Option>): string {
  const { command, about, flags, names = {}, oneName = false, examples, exitCodes } = form;
  const options = Object.entries<{ readonly value: string; readonly does: string }>(form.options ?? {}).map(
    ([option, { value, does }]) => [`--${option} ${value}`, does] as const,
  );
  const rows = [
    ...Object.entries(names),
    ...Object.entries<string>(flags).map(([flag, does]) => [`--${flag}`, does] as const),
    ...options,
  ];
  const width = Math.max(0, ...rows.map(([left]) => left.length)) + 2;
  const placeholders = [
    ...Object.keys(flags).map((flag) => `[--${flag}]`),
    ...options.map(([option]) => `[${option}]`),
    ...(Object.keys(names).length > 0 ? [oneName ? "<name>" : "[name …]"] : []),
  ].join(" ");
  return [
    `usage: ${command}${placeholders === "" ? "" : oneName ? ` -- ${placeholders}` : ` [-- ${placeholders}]`}`,
    "",
    about,
    "",
    ...rows.map(([left, right]) => `  ${left.padEnd(width)}${right}`),
    ...(rows.length > 0 ? [""] : []),
    "examples:",
    ...examples.map((example) => `  ${command}${example === "" ? "" : ` -- ${example}`}`),
    "",
    `Exit code 0 on success, ${exitCodes}, 2 for wrong arguments.`,
  ].join("\n");
}
