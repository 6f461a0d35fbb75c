import { Command } from "commander";
import cli from "../package.json" with { type: "json" };
import type { CliContext } from "./context/cli-context.ts";

interface CommandEntry {
  readonly description: string;
  readonly load: () => Promise<(context: CliContext) => Command>;
}

/** All commands. The code of a command is loaded when the command is called: loading all of them takes about a second. */
const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  demo: {
    description: "Generate demo data as CSV files: suppliers, transactions, contracts and one weekly file.",
    load: async () => (await import("./commands/demo.ts")).demoCommand,
  },
  init: {
    description: "Draft the model configuration and the feature mapping of a new data set from a table with a label.",
    load: async () => (await import("./commands/init.ts")).initCommand,
  },
  train: {
    description:
      "Train a model on a data set, evaluate it on the test rows and compare it with the best single feature. With --publish, the command adds the model to the model registry.",
    load: async () => (await import("./commands/train.ts")).trainCommand,
  },
  evaluate: {
    description:
      "Evaluate a published model version on the test rows of a data set and compare it with the best single feature.",
    load: async () => (await import("./commands/evaluate.ts")).evaluateCommand,
  },
  features: {
    description: "Print the newest feature values of one supplier as JSON, in the form that predict and explain read.",
    load: async () => (await import("./commands/features.ts")).featuresCommand,
  },
  predict: {
    description:
      "Score one supplier or a file of suppliers with a model of the local registry, or one supplier with a running service.",
    load: async () => (await import("./commands/predict.ts")).predictCommand,
  },
  explain: {
    description:
      "Explain the score of one supplier: the base value, the contribution of each feature, and a summary in words.",
    load: async () => (await import("./commands/explain.ts")).explainCommand,
  },
  change: {
    description:
      "Explain the change between two scores of a supplier: how much of it follows from other data, how much from another model version, feature by feature.",
    load: async () => (await import("./commands/change.ts")).changeCommand,
  },
  counterfactual: {
    description: "Find the smallest changes of one supplier that lower the band of its score.",
    load: async () => (await import("./commands/counterfactual.ts")).counterfactualCommand,
  },
  import: {
    description:
      "Import a tree model that was trained with another library. It is published only if Bellwether and ONNX Runtime compute the same outputs for it.",
    load: async () => (await import("./commands/import.ts")).importCommand,
  },
  models: {
    description:
      "List, show, promote and roll back published model versions, and show which version each replica serves.",
    load: async () => (await import("./commands/models.ts")).modelsCommand,
  },
  start: {
    description:
      "Start all services on this machine. If the registry has no model, the command first trains a model on demo data. If no weekly run is complete, the command scores the weekly file in WEEKLY_INPUT_FOLDER (default: the demo data).",
    load: async () => (await import("./commands/start.ts")).startCommand,
  },
  auth: {
    description: "Create the key pair with which the services check their callers, and tokens for the callers.",
    load: async () => (await import("./commands/auth.ts")).authCommand,
  },
  keys: {
    description: "Create, list and revoke API keys, with which programs call the services.",
    load: async () => (await import("./commands/keys.ts")).keysCommand,
  },
  sessions: {
    description: "List the sessions of the people who are signed in, and end them.",
    load: async () => (await import("./commands/sessions.ts")).sessionsCommand,
  },
  alerts: {
    description: "List, show and export alerts, and decide about them.",
    load: async () => (await import("./commands/alerts.ts")).alertsCommand,
  },
  suppliers: {
    description: "Find and show suppliers, and import and export their master data.",
    load: async () => (await import("./commands/suppliers.ts")).suppliersCommand,
  },
  notices: {
    description: "List and show notices of alerts and their delivery, replay them, and test their destinations.",
    load: async () => (await import("./commands/notices.ts")).noticesCommand,
  },
  retention: {
    description: "Show how long scores and snapshots are kept, and what that means for each model.",
    load: async () => (await import("./commands/retention.ts")).retentionCommand,
  },
  weekly: {
    description: "Score all suppliers of one week and create the alerts.",
    load: async () => (await import("./commands/weekly.ts")).weeklyCommand,
  },
};

/**
 * Builds the `bellwether` command. The subcommand that `words` contains has its options and its action; the other subcommands have
 * a name and a description only, for the list in --help.
 */
export async function createProgram(context: CliContext, words: readonly string[]): Promise<Command> {
  const program = new Command("bellwether")
    .description("Predicts which suppliers are likely to become high risk, and explains why.")
    .version(cli.version)
    .addHelpText(
      "after",
      "\nHelp of a command: npx bellwether train --help\n\nEnvironment variables that several commands read. Full list of variables: config/example.env\n" +
        "  MODEL_REGISTRY_URL   model registry: file: and a folder, relative to the current folder, or a URL of S3 or Azure (default: file:models)\n" +
        "  BELLWETHER_MODEL     name of the model (default: supplier-risk)\n" +
        "  BELLWETHER_DATA_DIR  data folder: databases, keys and weekly reports, relative to the current folder (default: .bellwether)\n\n" +
        "Exit codes: 0 success, 1 failure, 2 wrong options or input.",
    )
    // `alerts resolve --version N` is an option of the subcommand.
    .enablePositionalOptions()
    .showHelpAfterError("(add --help for the options and examples)")
    .exitOverride();
  for (const [name, { description, load }] of Object.entries(COMMANDS)) {
    const command = words.includes(name) ? (await load())(context) : new Command(name);
    program.addCommand(command.description(description).copyInheritedSettings(program));
  }
  return program;
}
