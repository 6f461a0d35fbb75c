import { env } from "@bellwether/env/env";

const TIME_ZONE = {
  pattern: new RegExp(`^(?:UTC|${Intl.supportedValuesOf("timeZone").join("|").replaceAll("+", "\\+")})$`),
  expected: "an IANA time zone such as Europe/Berlin",
};

/** Environment variables of the schedule: when a weekly run starts, and which input it waits for. */
export const SCHEDULE_ENV = {
  cron: env.text(
    "WEEKLY_CRON",
    { pattern: /^\S+( \S+){4}$/, expected: 'a cron pattern of five fields such as "0 6 * * 1"' },
    "0 6 * * 1",
  ),
  timeZone: env.text("WEEKLY_TIME_ZONE", TIME_ZONE, "UTC"),
  // A URL can have a secret that it must not have.
  inputFolder: { ...env.path("WEEKLY_INPUT_FOLDER", "."), secret: true },
  input: { ...env.path("WEEKLY_INPUT", "new_data_weekly.csv"), secret: true },
  inputDeadlineMs: env.durationMs("WEEKLY_INPUT_DEADLINE", "24h", { min: "0s", max: "7d" }),
  inputCheckMs: env.durationMs("WEEKLY_INPUT_CHECK", "20s", { min: "1s", max: "10m" }),
  erasureCareMs: env.durationMs("WEEKLY_ERASURE_CHECK", "1m", { min: "1s", max: "1h" }),
  lookBackMs: env.durationMs("WEEKLY_LOOK_BACK", "28d", { min: "0s", max: "364d" }),
};
