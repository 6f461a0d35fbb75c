import type { Command } from "commander";
import { defaultUrlText, ML_PEER, OPS_PEER, SCHEDULER_PEER } from "./peer-url.ts";

// Options that several commands have, with one text each: flags and text, as `Command.option` takes them.

export const JSON_FLAG = ["--json", "print the result as one line of JSON"] as const;

/** For commands that read the model registry. */
export const MODEL_FLAG = [
  "--model <name>",
  "name of the model (default: BELLWETHER_MODEL; if not set, supplier-risk)",
] as const;

/** For commands that read stored scores. */
export const OPS_MODEL_FLAG = [
  "--model <name>",
  "name of the model (default: the default model of ops-service)",
] as const;

/** For commands about the alert rules or the schedule of one model. */
export const OWN_MODEL_FLAG = [
  "--model <name>",
  "name of the model, if the installation has several models (default: the default model)",
] as const;

export const ML_FLAG = ["--ml <url>", `gRPC URL of ml-service (${defaultUrlText(ML_PEER)})`] as const;

export const REPLICAS_FLAG = [
  "--ml <url...>",
  `gRPC URLs of the replicas, separated by spaces (${defaultUrlText(ML_PEER)})`,
] as const;

export const OPS_FLAG = ["--ops <url>", `gRPC URL of ops-service (${defaultUrlText(OPS_PEER)})`] as const;

export const SCHEDULER_FLAG = [
  "--scheduler <url>",
  `gRPC URL of scheduler-service (${defaultUrlText(SCHEDULER_PEER)})`,
] as const;

/** Options of a command that calls only ops-service. */
export interface OpsOptions {
  readonly ops?: string;
  readonly json?: boolean;
}

/** Adds the options of a command that calls only ops-service. */
export const withOps = (command: Command): Command => command.option(...OPS_FLAG).option(...JSON_FLAG);
