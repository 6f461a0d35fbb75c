import { Command } from "commander";
import cli from "../package.json" with { type: "json" };
import type { CliContext } from "./context/cli-context.ts";

interface CommandEntry {
  readonly description: string;
  readonly load: () => Promise<(context: CliContext) => Command>;
}

/** Every command, loaded when it is called: together they take a second to load. */
const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  demo: {
    description: "Write made-up suppliers, transactions, contracts and a weekly file as CSV.",
    load: async () => (await import("./commands/demo.ts")).demoCommand,
  },
  train: {
    description:
      "Train a model on a data set, evaluate it beside the best single feature, and publish it with --publish.",
    load: async () => (await import("./commands/train.ts")).trainCommand,
  },
  evaluate: {
    description: "Evaluate a published version on the test rows of a data set, beside the best single feature.",
    load: async () => (await import("./commands/evaluate.ts")).evaluateCommand,
  },
  features: {
    description: "Print the newest features of one supplier as the JSON that predict and explain take.",
    load: async () => (await import("./commands/features.ts")).featuresCommand,
  },
  predict: {
    description: "Score one supplier, with the local registry's champion or by a running service.",
    load: async () => (await import("./commands/predict.ts")).predictCommand,
  },
  explain: {
    description: "Explain one supplier's score: base value, exact contributions, narrative.",
    load: async () => (await import("./commands/explain.ts")).explainCommand,
  },
  import: {
    description:
      "Import a tree model that was trained elsewhere, after proving that it is evaluated as its own runtime would.",
    load: async () => (await import("./commands/import.ts")).importCommand,
  },
  models: {
    description: "List, show, promote and roll back published models.",
    load: async () => (await import("./commands/models.ts")).modelsCommand,
  },
  start: {
    description:
      "Start all services on this machine. Without a model, one of demo suppliers is trained; without a weekly run, the file in WEEKLY_INPUT_FOLDER (default: the demo's) is run.",
    load: async () => (await import("./commands/start.ts")).startCommand,
  },
  auth: {
    description: "Make keys and tokens for services that check who calls.",
    load: async () => (await import("./commands/auth.ts")).authCommand,
  },
  weekly: {
    description: "Weekly runs over all suppliers.",
    load: async () => (await import("./commands/weekly.ts")).weeklyCommand,
  },
};

/** The `bellwether` command; of its subcommands the one that `words` name is whole, the others are there to be listed. */
export async function createProgram(context: CliContext, words: readonly string[]): Promise<Command> {
  const program = new Command("bellwether")
    .description("Tells which suppliers are about to become a problem, and why.")
    .version(cli.version)
    .showHelpAfterError("(add --help for the options and examples)")
    .exitOverride();
  for (const [name, { description, load }] of Object.entries(COMMANDS)) {
    const command = words.includes(name) ? (await load())(context) : new Command(name);
    program.addCommand(command.description(description).copyInheritedSettings(program));
  }
  return program;
}
