import { z } from "zod";
import { integerFrom, leaf, oneOf, parseWithSchema, textLike } from "./check-schema.ts";
import { readYaml, type YamlFile } from "./yaml-file.ts";

/** A cron pattern of five fields. */
export const CRON_PATTERN = /^\S+( \S+){4}$/;
/** One week. */
const MAX_DEADLINE_HOURS = 168;
const ZONES: ReadonlySet<string> = new Set(["UTC", ...Intl.supportedValuesOf("timeZone")]);

/** The schedule of one model. What is null is as the scheduler has it for its default model. */
export interface ModelSchedule {
  /** The weekly file, below the input folder of the scheduler; {week} and {date} become the ISO week and its Monday. */
  readonly input: string;
  /** Cron pattern of five fields. */
  readonly cron: string | null;
  /** IANA time zone. */
  readonly timeZone: string | null;
  readonly inputMarker: "none" | "done" | "sha256" | null;
  /** Time after the start of the schedule until which the input is waited for, hours. */
  readonly inputDeadlineHours: number | null;
}

const schema = z.strictObject({
  version: z.literal(1, { error: "1" }),
  input: leaf<string>(
    "a path below the input folder or a URL, 1 to 1024 bytes, for example delivery/{week}.csv",
    (value) => typeof value === "string" && value !== "" && !value.includes("\0") && Buffer.byteLength(value) <= 1024,
  ),
  cron: textLike('a cron pattern of five fields such as "0 6 * * 1"', CRON_PATTERN).nullable().default(null),
  time_zone: leaf<string>("an IANA time zone such as Europe/Berlin", (value) => ZONES.has(String(value)))
    .nullable()
    .default(null),
  input_marker: oneOf(["none", "done", "sha256"]).nullable().default(null),
  input_deadline_hours: integerFrom(0, MAX_DEADLINE_HOURS).nullable().default(null),
});

/** Reads the schedule.yaml of a model. @throws ConfigError with every violation */
export async function loadModelSchedule(path: string): Promise<ModelSchedule> {
  return parseModelSchedule(await readYaml(path));
}

/** Returns the schedule in a parsed file. @throws ConfigError with every violation */
export function parseModelSchedule(file: YamlFile): ModelSchedule {
  const yaml = parseWithSchema(schema, file);
  return {
    ...{ input: yaml.input, cron: yaml.cron, timeZone: yaml.time_zone },
    ...{ inputMarker: yaml.input_marker, inputDeadlineHours: yaml.input_deadline_hours },
  };
}
