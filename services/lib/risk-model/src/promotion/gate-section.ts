import type { GateCheck, GateOutcome, GateVerdict } from "./gate-check.ts";
import { type GateRecord, gateIdOf } from "./gate-record.ts";
import { renderPlots } from "./gate-svg.ts";

/** A decision of a person, or of the policy, about a result. */
export interface GateDecision {
  readonly outcome: "approved" | "rejected";
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly by: string;
  readonly reason: string;
}

const VERDICTS: Readonly<Record<GateVerdict, string>> = {
  PASS: "every check passed",
  HELD: "a person decides",
  FAIL: "the challenger is not promoted",
};

/** Title of a check in tables for people. */
export const CHECK_TITLES: Readonly<Record<GateCheck["name"], string>> = {
  measured: "measured",
  window: "window",
  unscored: "rows without a score",
  auc: "AUC",
  average_precision: "average precision",
  brier: "Brier score",
  calibration_error: "calibration error",
  segments: "segments",
  additivity: "additivity",
  importance: "importance",
  contract: "contract",
  latency: "CPU time of a row",
  alerts: "open alerts",
};

const OUTCOMES: Readonly<Record<GateOutcome, string>> = {
  passed: "passed",
  held: "**held**",
  failed: "**failed**",
  not_made: "not made",
};

/**
 * Returns the section of a model card about the newest result of the promotion gate, in Markdown.
 * @param decision null: nobody has decided
 * @param hasImages whether the plots are files beside the card
 */
export function gateSection(record: GateRecord, decision: GateDecision | null, hasImages: boolean): string {
  const { verdict, champion, challenger, window, rows, positives, suppliers, gatedAt, gatedBy, plots, segments } =
    record;
  const images = plots === null || !hasImages ? [] : renderPlots(plots, record);
  const worse = segments.filter(({ isWorse }) => isWorse);
  return [
    "## Promotion gate",
    `**${verdict}**: ${VERDICTS[verdict]}. ${challenger} against ${champion}, the champion, on ${cell(window)}: n = ${rows}, positives = ${positives}, suppliers = ${suppliers}.`,
    `Made at ${gatedAt} by ${cell(gatedBy)}. Result \`${gateIdOf(record)}\`.`,
    ...(decision === null
      ? []
      : [
          `${decision.outcome === "approved" ? "Approved" : "Rejected"} at ${decision.at} by ${cell(decision.by)}: ${cell(decision.reason)}`,
        ]),
    "",
    "| check | result | champion | challenger | found |",
    "|---|---|---|---|---|",
    ...record.checks.map(
      (check) =>
        `| ${CHECK_TITLES[check.name]} | ${OUTCOMES[check.outcome]} | ${number(check.champion)} | ${number(check.challenger)} | ${cell(check.reason)} |`,
    ),
    ...(record.references.length === 0
      ? []
      : [
          "",
          "| on the same rows | n | AUC | average precision | Brier score |",
          "|---|---|---|---|---|",
          ...record.references.map(
            (of) =>
              `| ${cell(of.name)} | ${of.rows} | ${number(of.auc)} | ${number(of.averagePrecision)} | ${number(of.brier)} |`,
          ),
        ]),
    ...(worse.length === 0
      ? []
      : [
          "",
          "| worse segment | figure | rows | difference | p |",
          "|---|---|---|---|---|",
          ...worse.map(
            (of) =>
              `| ${cell(`${of.dimension} ${of.segment}`)} | ${of.figure} | ${of.rows} | ${number(of.difference.value)} | ${of.adjustedP.toPrecision(2)} |`,
          ),
        ]),
    ...images.flatMap(({ name, title }) => ["", `![${title}](${name}.svg)`]),
    "",
  ].join("\n");
}

const number = (x: number | null): string => (x === null ? "–" : String(Number(x.toPrecision(4))));
const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll(/\s+/g, " ");
