import type { Estimate } from "@bellwether/drift/quality/estimate";
import { type Retrain, RetrainOutcome, RetrainTrigger } from "@bellwether/gen/bellwether/schedule/v1/retrain_pb";
import { countText } from "@bellwether/reasons/count-text";
import type { Comparison, DecidedMonth, VersionQuality } from "./compare-ways.ts";
import type { Decision } from "./decide-promotion.ts";
import { type Figure, lineFigure, type Series } from "./figures.ts";
import { ALL, type QuarterQuality, quarterOf, TRIVIAL } from "./quarter-quality.ts";

/** What the page shows. */
export interface LoopResult extends Comparison {
  readonly months: readonly DecidedMonth[];
}

/** The ways that are compared, with their names and colors. */
const WAYS: readonly (readonly [way: string, name: string, color: string])[] = [
  ["loop", "the loop", "#0b6bcb"],
  ["newest", "every retrain promoted", "#7a3db8"],
  ["first", "never retrained", "#c4320a"],
  ["scorecard", "scorecard", "#067a57"],
  [TRIVIAL, "last known outcome", "#8a6d00"],
];

const number = (value: number | null | undefined): string =>
  value === null || value === undefined ? "–" : value.toFixed(3);
const withInterval = ({ value, low, high }: Estimate): string =>
  low === null || high === null ? number(value) : `${number(value)} (${number(low)} to ${number(high)})`;
const share = (part: number): string => `${(100 * part).toFixed(0)} %`;
const names = (list: readonly string[]): string => (list.length === 0 ? "–" : list.join(", "));
const row = (cells: readonly (string | number)[]): string => `| ${cells.join(" | ")} |`;
const table = (head: readonly string[], rows: readonly (readonly (string | number)[])[]): string =>
  [row(head), row(head.map(() => "---")), ...rows.map(row)].join("\n");

/** Returns the files of the page: its text, and the figures. */
export function loopFiles(result: LoopResult): Readonly<Record<string, string>> {
  return {
    "scms-loop.md": pageText(result),
    "scms-loop/auc.svg": lineFigure(qualityFigure(result, "auc")),
    "scms-loop/brier.svg": lineFigure(qualityFigure(result, "brier")),
    "scms-loop/drift-and-alerts.svg": lineFigure(monthFigure(result.months)),
  };
}

function qualityFigure({ quarters, months }: LoopResult, figure: "auc" | "brier"): Figure {
  const of = quarters.filter(({ quarter }) => quarter !== ALL);
  const positions = of.map(({ quarter }) => quarter);
  const series = WAYS.map(([way, name, color]): Series => {
    const estimates = of.map(({ ways }) => ways[way]?.[figure]);
    return {
      ...{ name, color, values: estimates.map((estimate) => estimate?.value ?? null) },
      ...(way === "loop" && {
        intervals: estimates.map((one) =>
          one?.low == null || one.high === null ? null : ([one.low, one.high] as const),
        ),
      }),
    };
  });
  const marks = months.flatMap(({ isoWeek, decision, retrain }) => {
    const position = positions.indexOf(quarterOf(isoWeek));
    return decision?.isPromoted && position >= 0 ? [{ at: position, text: retrain?.version ?? "" }] : [];
  });
  const [from, to] = figure === "auc" ? [0.3, 1] : [0, 0.4];
  const title =
    figure === "auc"
      ? "AUC on the vendors of each quarter (higher is better)"
      : "Brier score on the vendors of each quarter (lower is better)";
  return { title, positions, from, to, series, marks };
}

function monthFigure(months: readonly DecidedMonth[]): Figure {
  const most = Math.max(5, ...months.flatMap((month) => [month.alertsRaised, month.driftFromTraining.length]));
  return {
    ...{ title: "Alerts raised and drift alarms, by month; dashed: a version became champion", from: 0, to: most },
    positions: months.map(({ isoWeek }) => isoWeek),
    series: [
      { name: "alerts raised", color: "#0b6bcb", values: months.map(({ alertsRaised }) => alertsRaised) },
      {
        ...{ name: "drift alarms", color: "#c4320a" },
        values: months.map(({ driftFromTraining }) => driftFromTraining.length),
      },
    ],
    marks: months.flatMap(({ decision, retrain }, i) =>
      decision?.isPromoted ? [{ at: i, text: retrain?.version ?? "" }] : [],
    ),
  };
}

/** Returns in how many quarters each other way is at least as good as the loop, and in how many it is exactly as good. */
function summary({ quarters }: LoopResult): string[] {
  const single = quarters.filter(({ quarter }) => quarter !== ALL);
  return WAYS.filter(([way]) => way !== "loop").map(([way, name]) => {
    const [auc, brier] = (["auc", "brier"] as const).map((figure) => {
      const pairs = single.flatMap(({ ways }) => {
        const [loop, other] = [ways.loop?.[figure].value, ways[way]?.[figure].value];
        return loop == null || other == null ? [] : [figure === "auc" ? other - loop : loop - other];
      });
      const better = pairs.filter((gain) => gain > 0).length;
      const equal = pairs.filter((gain) => gain === 0).length;
      return `better than the loop in ${better}, equal in ${equal} and worse in ${pairs.length - better - equal} of ${countText(pairs.length, "quarter")}`;
    });
    return `- **${name}**: by AUC ${auc}; by Brier score ${brier}.`;
  });
}

function pageText(result: LoopResult): string {
  const { months, quarters, firstTrained, versions } = result;
  const all = quarters.find(({ quarter }) => quarter === ALL);
  const promoted = months.filter(({ decision }) => decision?.isPromoted).length;
  const retrains = months.filter(({ retrain }) => retrain !== null);
  const sum = (of: "outcomes" | "alertsRaised"): number => months.reduce((total, month) => total + month[of], 0);
  return `# SCMS, month by month

Written by \`npm run scms\`, from the delivery history of the SCMS programme (USAID), ${months[0]?.isoWeek} to ${months.at(-1)?.isoWeek}. The question:
will more than a tenth of a vendor's lines that are due in the next 90 days come late?

The command runs the services themselves: ops-service and ml-service as processes, and scheduler-service with a clock that is set to the
Monday after each month. Each month it records the outcomes that have become known by then (the window of 90 days has ended, and every line
of it is delivered), runs the week, and lets the scheduler decide whether a retrain is due. The policy is
[config/examples/scms/risk_policy.yaml](../config/examples/scms/risk_policy.yaml); nothing on this page was tuned on these results. A new
version is compared with the champion by the [promotion gate](promotion.md), on the newest weeks of its window, which it was not trained on. With so
few vendors most comparisons are held for a person. The person of this replay approves a held version when its AUC on these rows is above the
champion's, and never otherwise.

The first champion is the [scorecard](../config/examples/scms/scorecard.yaml): points that were set by judgement before any outcome was known. It is
published with the vendors of 2008-W04, with which the drift of later months is measured as long as it is the champion.

## The answer
${answer(result)}

## What happened
${countText(months.length, "month")}, ${sum("outcomes")} outcomes, ${sum("alertsRaised")} alerts raised, ${countText(retrains.length, "retrain")}, ${countText(promoted, "promotion")}. ${driftText(months)}

![Alerts and drift](scms-loop/drift-and-alerts.svg)

${table(
  [
    "month",
    "version",
    "because of",
    "rows",
    "late",
    "gate: rows, late",
    "AUC, champion's",
    "best single feature",
    "gate and decision",
  ],
  retrains.map((month) => retrainRow(month)),
)}

Rows and late vendors of the window, by month and vendor. The AUC of the version and of the champion, and the best single feature, are on the newest
weeks of the window. A retrain with fewer than ten late rows is rejected by the trainer, with its reason.

## Quality on the months that came after
Each month is scored before its outcomes are known. The ways are compared on the same vendors:

- *The loop*: what the champion of the month answered.
- *Every retrain promoted*: the newest trained version, whatever the gate says. The difference to the loop is what the gate is worth.
- *Never retrained*: ${firstTrained || "no version"}, the first trained version, kept for all months. Until it was trained there is none.
- *Scorecard*: the first champion, kept for all months.
- *Last known outcome* needs no model: vendors in the order of their last outcome that was known on the day, with the share of late vendors so
  far as the score. It can be measured only where a vendor has an earlier outcome.

![AUC](scms-loop/auc.svg)
![Brier score](scms-loop/brier.svg)

${summary(result).join("\n")}

Over all months in which each way has a score (${all?.rows ?? 0} rows of a vendor and a month, ${all?.late ?? 0} late):

${table(
  ["way", "AUC", "Brier score"],
  WAYS.map(([way, name]) => {
    const found = all?.ways[way];
    return [name, found ? withInterval(found.auc) : "–", found ? withInterval(found.brier) : "–"];
  }),
)}

${intervalNote(all)}

${table(
  ["quarter", "rows", "late", ...WAYS.map(([, name]) => `AUC ${name}`), ...WAYS.map(([, name]) => `Brier ${name}`)],
  quarters
    .filter(({ quarter }) => quarter !== ALL)
    .map(({ quarter, rows, late, ways }) => [
      ...[quarter, rows, late],
      ...WAYS.map(([way]) => number(ways[way]?.auc.value)),
      ...WAYS.map(([way]) => number(ways[way]?.brier.value)),
    ]),
)}

## Each version on the three months after its retrain
The champion is that of the day of the retrain.

${table(
  [
    "version",
    "champion",
    "rows",
    "late",
    "AUC version",
    "AUC champion",
    "AUC scorecard",
    "AUC last known outcome",
    "uses most",
  ],
  versions.map(versionRow),
)}

## Why
${reasons(result).join("\n")}

## Month by month
${table(
  [
    "month",
    "champion",
    "vendors",
    "outcomes",
    "alerts raised",
    "drift from the rows of the champion",
    "drift from the month before",
  ],
  months.map((month) => [
    ...[month.isoWeek, month.version, month.rows.vendors.length, month.outcomes, month.alertsRaised],
    ...[names(month.driftFromTraining), names(month.driftFromBefore)],
  ]),
)}
`;
}

function driftText(months: readonly DecidedMonth[]): string {
  const drifted = months.filter((month) => month.driftFromTraining.length + month.driftFromBefore.length > 0).length;
  if (drifted > 0) return `${countText(drifted, "month")} with a drift alarm.`;
  return "No month has a drift alarm: with so few vendors, only a very large change of a feature is outside chance. Every retrain is due by age.";
}

/** Returns what the figures over all months have for an interval. */
function intervalNote(all: QuarterQuality | undefined): string {
  const hasInterval = Object.values(all?.ways ?? {}).some(({ auc }) => auc.low !== null);
  return hasInterval
    ? "In brackets: 95 % intervals over vendors, which are few. Where intervals overlap, the data do not say which way is better."
    : "There are no intervals: fewer than ten vendors were late, or fewer than ten never were, so a few vendors decide about these figures.";
}

/** Returns the comparison over all months in words. */
function answer({ quarters, months, versions }: LoopResult): string {
  const ways = quarters.find(({ quarter }) => quarter === ALL)?.ways ?? {};
  const auc = (way: string): number | null => ways[way]?.auc.value ?? null;
  const ranked = WAYS.flatMap(([way, name]) => {
    const value = auc(way);
    return value === null ? [] : [{ way, name, value }];
  }).sort((a, b) => b.value - a.value);
  const [best] = ranked;
  const loop = auc("loop");
  const promoted = months.flatMap(({ decision, retrain }) => (decision?.isPromoted ? [retrain?.version ?? ""] : []));
  if (best === undefined || loop === null) return "The months have too few outcomes for an answer.";
  const order = ranked.map(({ name, value }) => `${name} ${number(value)}`).join(", ");
  const found =
    promoted.length === 0
      ? `**Training does not win here.** The loop is as good as the scorecard, because it is the scorecard: of ${countText(versions.length, "trained version")}, the gate passed none, and the person of this replay approved none. If every retrain had been promoted at once, the AUC would be ${number(auc("newest"))} in place of ${number(loop)}.`
      : `${best.value > loop ? `**The loop does not win here: ${best.name} does**, with an AUC of ${number(best.value)} against ${number(loop)}.` : `**No way ranks the vendors better than the loop**, with an AUC of ${number(loop)}.`} Champion became ${promoted.join(", ")}.`;
  return `${found} In the order of the AUC over all months in which each way has a score: ${order}.`;
}

/** Quarters at the end of the replay that are compared with those before. */
const LAST_QUARTERS = 6;

/** Returns why the trained versions are as good as they are, from the figures of the replay. */
function reasons({ months, versions, quarters }: LoopResult): string[] {
  const trained = months.flatMap(({ retrain }) => (retrain?.outcome === RetrainOutcome.PUBLISHED ? [retrain] : []));
  const range = (values: readonly number[]): string =>
    values.length === 0 ? "–" : `${Math.min(...values)} to ${Math.max(...values)}`;
  const vendors = months.map(({ rows }) => rows.vendors.length);
  const [constant, single] = [
    versions.filter(({ uses }) => uses.length === 0),
    versions.filter(({ uses }) => uses.length === 1),
  ];
  const named = (of: readonly VersionQuality[]): string => of.map(({ version }) => version).join(", ");
  const measured = versions.flatMap(({ version, isPromoted, quality }) => {
    const [own, champion] = [quality?.ways.version?.auc.value, quality?.ways.champion?.auc.value];
    return own == null || champion == null ? [] : [{ version, isPromoted, isBetter: own > champion }];
  });
  const better = measured.filter(({ isBetter }) => isBetter);
  const pairs = quarters.flatMap(({ quarter, ways: { newest, scorecard } }) =>
    quarter === ALL ||
    newest?.auc.value == null ||
    scorecard?.auc.value == null ||
    newest.auc.value === scorecard.auc.value
      ? []
      : [newest.auc.value > scorecard.auc.value],
  );
  const wins = (of: readonly boolean[]): string => `${of.filter(Boolean).length} of ${of.length}`;
  return [
    `- **Few late rows.** A retrain has ${range(trained.map(({ rows }) => Number(rows)))} rows of ${range(vendors)} vendors a month, ${range(trained.map(({ positives }) => Number(positives)))} of them late, and consecutive months of a vendor share most of their deliveries. The trainer of the example is cautious on purpose (\`min_child_weight: 5\`, \`l2: 10\`, two levels): with a share p of late rows a leaf needs about 5 ÷ (p · (1 − p)) rows, which are 77 with 7 % late.${constant.length === 0 ? "" : ` ${named(constant)}: no split was possible, so every vendor has the same score, and the AUC is 0.5.`}${single.length === 0 ? "" : ` ${named(single)}: one feature alone was used.`}`,
    "- **Late outcomes.** The outcome of a month is known after 90 days, and later where lines are still not delivered; the newest months with outcomes are held out for the test, with a gap of 90 days before them. What a version has learned from is at least half a year old when it begins to serve.",
    "- **What is learned does not last.** An AUC below 0.5 means that the vendors that were late in the window were not those that were late afterwards.",
    "- **The scorecard asks what lasts**: who was late in the last year is late again. That needs no outcome of the next 90 days, so it has neither the delay nor the noise of the labels. In 2008 and 2009, with a few late vendors a quarter, its AUC is often below 0.5, too.",
    `- **Training catches up as outcomes arrive.** The newest version ranks better than the scorecard in ${wins(pairs.slice(-LAST_QUARTERS))} of the last quarters, and in ${wins(pairs.slice(0, -LAST_QUARTERS))} before.`,
    `- **What the gate could not see**: of ${countText(measured.length, "version")} that can be measured on the three months after the retrain, ${better.length} ${better.length === 1 ? "ranks" : "rank"} better there than the champion (${better.length === 0 ? "none" : better.map(({ version }) => version).join(", ")}), and the gate had ranked ${better.length === 1 ? "it" : "them"} lower on its rows. With ${range(months.flatMap(({ decision }) => (decision === null ? [] : [decision.late])))} late rows nothing else was possible: it holds what it cannot decide.`,
    "- **What follows**: with thirty suppliers, stay with a scorecard. A model that learns needs [more suppliers](promotion.md#how-often-the-gate-is-right): at 20,000 labelled rows the gate finds a gain of 0.03 in 200 of 200 windows.",
  ];
}

function versionRow({ version, champion, isPromoted, uses, quality }: VersionQuality): (string | number)[] {
  const auc = (way: string): string => number(quality?.ways[way]?.auc.value);
  const most = uses.slice(0, 2).map(({ feature, share: part }) => `${feature} ${share(part)}`);
  return [
    ...[isPromoted ? `${version}, became champion` : version, champion, quality?.rows ?? "–", quality?.late ?? "–"],
    ...[auc("version"), auc("champion"), auc("scorecard"), auc(TRIVIAL)],
    most.length === 0 ? "nothing: one score for all" : most.join(", "),
  ];
}

function retrainRow({ isoWeek, retrain, decision }: DecidedMonth): (string | number)[] {
  if (retrain === null) return [isoWeek];
  const { trigger, rows, positives, baselineAuc, baselineFeature, version } = retrain;
  const cause = trigger === RetrainTrigger.DRIFT ? "drift" : "age";
  const baseline = baselineAuc === undefined ? "–" : `${baselineFeature} ${number(baselineAuc)}`;
  const compared = decision === null ? "–" : `${number(decision.auc.challenger)}, ${number(decision.auc.champion)}`;
  return [
    ...[isoWeek, version || "–", cause, Number(rows), Number(positives)],
    ...[decision === null ? "–" : `${decision.rows}, ${decision.late}`, compared, baseline],
    outcomeText(retrain, decision),
  ];
}

function outcomeText({ outcome, failure }: Retrain, decision: Decision | null): string {
  if (outcome !== RetrainOutcome.PUBLISHED) return (failure || "same files as before").replaceAll("|", "\\|");
  if (decision === null) return "–";
  const { verdict, open, isPromoted } = decision;
  const checks = open.length === 0 ? "" : ` (${open.join(", ")})`;
  return `${verdict}${checks}: ${isPromoted ? "becomes champion" : "stays challenger"}`;
}
