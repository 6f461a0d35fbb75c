import type { Command } from "commander";
import { expect, test } from "vitest";
import { createProgram } from "./program.ts";

const CONTEXT = { env: {}, cwd: "/" };

/** Returns all commands and subcommands that can be called, with their options. */
async function allCommands(): Promise<Command[]> {
  const names = (await createProgram(CONTEXT, [])).commands.map((command) => command.name());
  const { commands } = await createProgram(CONTEXT, names);
  const callable = (command: Command): Command[] =>
    command.commands.length === 0 ? [command] : command.commands.flatMap(callable);
  return commands.flatMap(callable);
}

const nameOf = (command: Command): string => `${command.parent?.name()} ${command.name()}`;

/** Calls the command and returns what it prints and the error with which it ends. */
async function call(...words: readonly string[]): Promise<{ readonly printed: string; readonly error: unknown }> {
  const program = await createProgram(CONTEXT, words);
  const called = program.commands.find((command) => command.name() === words[0]) ?? program;
  let printed = "";
  const write = (text: string): void => {
    printed += text;
  };
  for (const command of [called, ...called.commands]) command.configureOutput({ writeOut: write, writeErr: write });
  const error: unknown = await program.parseAsync([...words], { from: "user" }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return { printed, error };
}

test("every command has a description, an example, and --json as an option without a value", async () => {
  const commands = await allCommands();
  expect(commands.length).toBeGreaterThan(50);
  for (const command of commands) {
    expect(command.description(), nameOf(command)).not.toBe("");
    const json = command.options.find(({ long }) => long === "--json");
    expect([nameOf(command), json?.isBoolean()]).toEqual([nameOf(command), true]);
  }
  const parents = new Set(commands.map((command) => command.parent));
  for (const command of [...commands, ...parents])
    if (command?.parent) {
      const words = [...(command.parent.parent ? [command.parent.name()] : []), command.name(), "--help"];
      expect((await call(...words)).printed, words.join(" ")).toMatch(/\nExamples?:\n {2}np[mx] /);
    }
});

test("--help lists required options first, and addresses and --json last", async () => {
  for (const command of await allCommands()) {
    const options = command.createHelp().visibleOptions(command);
    const required = options.map(({ mandatory }) => mandatory);
    expect([nameOf(command), required]).toEqual([nameOf(command), required.toSorted((a, b) => Number(b) - Number(a))]);
    const names = options.filter(({ mandatory }) => !mandatory).map(({ long }) => long ?? "");
    expect([nameOf(command), names.slice(-2)]).toEqual([nameOf(command), ["--json", "--help"]]);
    const addresses = names.slice(0, -2).map((name) => ["--url", "--ml", "--ops", "--scheduler"].includes(name));
    expect([nameOf(command), addresses]).toEqual([nameOf(command), addresses.toSorted()]);
  }
});

test("an option has one form in all commands, and its help says whether it is required", async () => {
  const forms = new Map<string, Set<string>>();
  for (const command of await allCommands())
    for (const { long, flags, hidden, mandatory, description } of command.options.filter((option) => !option.hidden)) {
      expect([nameOf(command), flags, description.endsWith("(required)")]).toEqual([nameOf(command), flags, mandatory]);
      if (!hidden) forms.set(long ?? "", (forms.get(long ?? "") ?? new Set()).add(flags));
    }
  for (const name of ["--json", "--ops", "--scheduler", "--url", "--week", "--days", "--keys", "--reason", "--limit"])
    expect([name, forms.get(name)?.size]).toEqual([name, 1]);
});

test.each([
  [["demo", "--out", "x"], "--out has a new name: use --output DIR"],
  [["auth", "keys", "--out", "x"], "--out has a new name: use --keys DIR"],
  [["weekly", "report", "--html", "report.html"], "--html has a new name: use --output FILE.html"],
  [["weekly", "report", "--csv", "report.csv"], "--csv has a new name: use --output FILE.csv"],
  [["weekly", "report", "--json", "report.json", "--html", "x.html"], "--html has a new name: use --output FILE.html"],
  [["weekly", "report", "--json", "report.json"], "required option '--output <files...>' not specified"],
])("the former option of %j is an error that names the new one", async (words, message) => {
  const { error, printed } = await call(...words);
  expect(error).toMatchObject({ message: `error: ${message}` });
  expect(printed).toContain(
    "(add --help to a command for its options and examples; npx bellwether --help lists the commands)",
  );
  expect(
    (
      await call(
        ...words.slice(
          0,
          words.findIndex((word) => word.startsWith("-")),
        ),
        "--help",
      )
    ).printed,
  ).not.toMatch(/--(?:out|html|csv)\b/);
});

test("weekly report names the endings that it can write", async () => {
  expect((await call("weekly", "report", "--output", "report.html", "report.pdf")).error).toMatchObject({
    message: "--output: report.pdf: expected a file that ends in .html, .csv, .json",
  });
});
