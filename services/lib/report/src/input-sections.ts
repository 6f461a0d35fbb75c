import { CHECK_NAMES } from "@bellwether/plausibility/check";
import { count, counted, minute, percent } from "./figures.ts";
import { type Markup, markup, NOTHING } from "./markup.ts";
import { leftOut, section, table } from "./report-tables.ts";
import type { RejectedReason, RejectedSample, WeeklyReport } from "./weekly-report.ts";

/** Returns all rejected rows, and how many of them repeat an accepted row: their loss loses nothing. */
function rejectedText({ rejected, repeated }: WeeklyReport["counts"]): string {
  const all = `${count(rejected + repeated)} rejected`;
  if (repeated === 0) return all;
  return `${all} (${count(repeated)} of them ${repeated === 1 ? "repeats an accepted row" : "repeat accepted rows"})`;
}

/** Renders the rows that were read, and what became of them. */
export function rowCounts({ counts: rows, sources, objects = [] }: WeeklyReport): Markup {
  return section(
    "Rows",
    markup`<p>${counted(rows.read, "row")} read = ${count(rows.scored)} scored + ${rejectedText(rows)}.</p>\n`,
    table(
      "Files that were read",
      sources,
      [
        { title: "File", cell: ({ file }) => file },
        { title: "Source of the mapping", cell: ({ source }) => source },
        { title: "Accepted rows", cell: ({ rows: accepted }) => count(accepted), isNumber: true },
        { title: "Rejected rows", cell: ({ rejected: bad }) => count(bad), isNumber: true },
      ],
      { empty: "not recorded." },
    ),
    objects.length === 0
      ? NOTHING
      : table("Objects that were read", objects, [
          { title: "Object", cell: ({ url }) => url },
          { title: "Entity tag", cell: ({ etag }) => markup`<code>${etag}</code>` },
          { title: "Size in bytes", cell: ({ bytes }) => count(bytes), isNumber: true },
        ]),
  );
}

const OUTCOMES = { passed: "passed", failed: "failed", not_possible: "not possible" } as const;

/** Renders the checks of the input, and who approved failed ones. */
export function checkRows({ checks: all, approved }: WeeklyReport): Markup {
  const decision =
    approved === null
      ? NOTHING
      : markup`<p>Approved by ${approved.actor || "somebody"}${approved.decided_at === null ? "" : ` at ${minute(approved.decided_at)}`}: “${approved.reason}”</p>\n`;
  return section(
    "Checks of the input",
    decision,
    table(
      "Checks before the scoring",
      all,
      [
        { title: "Check", cell: ({ kind }) => CHECK_NAMES[kind] },
        { title: "Column", cell: ({ column }) => column || "whole input" },
        {
          title: "Result",
          cell: ({ outcome }) =>
            outcome === "failed" ? markup`<span class="failed">failed</span>` : OUTCOMES[outcome],
        },
        { title: "Figures", cell: ({ detail }) => detail },
      ],
      { empty: "not recorded." },
    ),
  );
}

const STAGES: Readonly<Record<string, string>> = {
  reading: "reading the file",
  mapping: "mapping to suppliers",
  validating: "checking the values",
  scoring: "scoring",
};

/** Renders the rejected rows by reason, each with an example, and further examples. */
export function rejectedRows({ rejected: { reasons, samples }, counts }: WeeklyReport): Markup {
  const examples = new Map(reasons.entries.map((reason) => [reason, samples.find((one) => isOf(reason, one))]));
  const shown = new Set(examples.values());
  const listed = reasons.entries.reduce((sum, { rows }) => sum + rows, 0);
  return section(
    "Rejected rows",
    table(
      "Rejected rows by reason, most rows first",
      reasons.entries,
      [
        { title: "Rejected while", cell: ({ stage }) => STAGES[stage] ?? stage },
        { title: "Column", cell: ({ column }) => column || "whole row" },
        { title: "Reason", cell: ({ reason }) => reason },
        { title: "Rows", cell: ({ rows }) => count(rows), isNumber: true },
        {
          title: "Of the rows read",
          cell: ({ rows }) => (counts.read > 0 ? percent(rows / counts.read) : ""),
          isNumber: true,
        },
        { title: "Example", cell: (reason) => exampleCell(examples.get(reason)) },
      ],
      { total: ["all listed reasons", "", "", count(listed), "", ""] },
    ),
    leftOut(reasons),
    table(
      "Further rejected rows",
      samples.filter((sample) => !shown.has(sample)),
      [
        { title: "Column", cell: ({ column }) => column || "whole row" },
        { title: "Reason", cell: ({ reason }) => reason },
        { title: "Example", cell: sampleCell },
      ],
      { empty: "none stored." },
    ),
  );
}

/** The part of a reason before its semicolon: the part after it describes a single row. */
const general = (reason: string): string => reason.split(";", 1)[0] ?? "";

const isOf = ({ source, column, reason }: RejectedReason, sample: RejectedSample): boolean =>
  sample.source === source && sample.column === column && general(sample.reason) === general(reason);

/** Renders a sample beside its reason: with what only this row says, such as the option that would read its value. */
function exampleCell(sample: RejectedSample | undefined): Markup {
  if (sample === undefined) return NOTHING;
  const detail = sample.reason.slice(general(sample.reason).length).replace(/^;\s*/, "");
  return detail === "" ? sampleCell(sample) : markup`${sampleCell(sample)} <small>${detail}</small>`;
}

function sampleCell(sample: RejectedSample | undefined): Markup {
  if (sample === undefined) return NOTHING;
  const { file, line, text } = sample;
  const place = [line === null ? "" : `line ${line}`, file].filter((part) => part !== "").join(" of ");
  return markup`<code>${text}</code> <small>${place}</small>`;
}

/** Renders what the run used, so that it can be repeated. */
export function origin({ model, configuration, run_id, started_at, audit_checkpoint }: WeeklyReport): Markup {
  const signed = audit_checkpoint && `${audit_checkpoint.sequence}: ${audit_checkpoint.hash}`;
  const rows = [
    ["Number of the run", String(run_id)],
    ["Started at", minute(started_at)],
    ["Model version", `${model.name} ${model.version}`],
    ["Runtime of the model, and of the contributions", [model.runtime, model.kernel].filter(Boolean).join(", ")],
    ["Model file (SHA-256)", model.model_digest],
    ["Feature bundle (SHA-256)", model.bundle_digest],
    ["Configuration with which the model was trained (SHA-256)", model.config_hash],
    ["Configuration of the run (SHA-256)", configuration.config_hash],
    ["Risk policy (SHA-256)", configuration.policy_hash],
    ["Content of the files (SHA-256)", configuration.source_digest],
    ["Mapped rows (SHA-256)", configuration.input_digest],
    ...(signed ? [["Last record of the audit log before, signed in the JSON form", signed] as const] : []),
  ] as const;
  return section(
    "Model and configuration",
    table("What the run used", rows, [
      { title: "What", cell: ([name]) => name },
      { title: "Value", cell: ([, value]) => markup`<code>${value || "not recorded"}</code>` },
    ]),
  );
}
