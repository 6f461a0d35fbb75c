import type { Command } from "commander";
import { UsageError } from "../errors/usage-error.ts";

/** Which model scores: one of the registry, or the champion of the service at `url`. */
export interface ModelOptions {
  readonly url?: string;
  readonly model?: string;
  readonly modelVersion?: string;
}

/** Adds --model and --model-version to a command that also has --url. */
export function withModelOptions(command: Command): Command {
  return command
    .option(
      "--model <name>",
      "name of the model, not together with --url (default: BELLWETHER_MODEL; if not set, supplier-risk)",
    )
    .option(
      "--model-version <version>",
      "version or alias, not together with --url, for example v3 or challenger (default: champion)",
    );
}

/** @throws UsageError when a model of the registry is selected for a service, which would ignore the selection */
export function checkModelOptions({ url, model, modelVersion }: ModelOptions): void {
  if (url && (model || modelVersion))
    throw new UsageError(
      "--model and --model-version select a model of the model registry and cannot be combined with --url: the service scores with its champion",
    );
}
