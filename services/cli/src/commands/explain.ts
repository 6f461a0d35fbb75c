import type { FlatSupplier } from "@bellwether/contract/flat-json/flat-supplier";
import { NARRATIVE_LANGUAGE } from "@bellwether/contract/inference-routes";
import { featureNames } from "@bellwether/narrative/facts/feature-names";
import { LANGUAGES, type Language } from "@bellwether/narrative/facts/language";
import { narrativeFacts } from "@bellwether/narrative/facts/narrative-facts";
import { writeTemplate } from "@bellwether/narrative/template/write-template";
import { selectContributions } from "@bellwether/reasons/contribution-shares";
import { countText } from "@bellwether/reasons/count-text";
import { featureText, numberText, unitBeside, withUnit } from "@bellwether/reasons/reason-text";
import { selectReasons } from "@bellwether/reasons/select-reasons";
import { pointsText } from "@bellwether/risk-model/scorecard/scorecard-card";
import type { ScoringModel } from "@bellwether/scoring/model/scoring-model";
import { describeFeatures, factsOf } from "@bellwether/scoring/score/feature-facts";
import { NotExplainableError, type SupplierScore } from "@bellwether/scoring/score/score-supplier";
import { Command, Option } from "commander";
import type { CliContext } from "../context/cli-context.ts";
import { share, wholeNumber } from "../input/parse-option.ts";
import { readSupplier, scoreFlatSupplier } from "../input/read-supplier.ts";
import { checkModelOptions, withModelOptions } from "../models/check-model-options.ts";
import { withLocalModel } from "../models/open-model.ts";
import { type NarrativeInfoJson, narrativeMadeBy } from "../output/narrative-text.ts";
import { printable } from "../output/printable.ts";
import { createReport, type Report } from "../output/report.ts";
import { listenerUrl } from "../remote/listener-url.ts";
import { ML_EXAMPLE_URL } from "../remote/peer-url.ts";
import { foreignAnswer, parseAnswer, postJson } from "../remote/post-json.ts";
import { readExplanationPart } from "../remote/service-answers.ts";
import { JSON_FLAG } from "../remote/shared-options.ts";

/** An explanation as `explain --json` prints it. */
interface ExplanationJson {
  readonly supplier_id: string;
  readonly risk_score: number | null;
  readonly margin: number | null;
  readonly base_value: number;
  readonly kind: string;
  readonly background: string;
  readonly contributions: readonly {
    readonly feature: string;
    readonly value: number | string | null;
    readonly contribution: number;
    readonly unit: string;
    readonly typical: number | string | null;
  }[];
  readonly narrative: string;
  /** Output of one point of a scorecard. Unset: the version is none, or a service explained the score. */
  readonly output_per_point?: number;
  /** Number of contributions that --top or --min-share left out, and their sum. Unset: none of the options is given. */
  readonly omitted_contributions?: number;
  readonly omitted?: number;
  readonly narrative_info: NarrativeInfoJson;
  /** For example that too few features are known for a score. */
  readonly warnings: readonly string[];
}

/** Joins the messages of a streamed explanation. */
function fromStream(url: string, supplierId: string, text: string): ExplanationJson {
  const lines = text.trim().split("\n");
  const parts = lines.map((line) => parseAnswer(url, line, readExplanationPart));
  const base = parts.find((part) => part.base)?.base;
  if (base === undefined) throw foreignAnswer(url, text);
  const list = parts.find((part) => part.contributions)?.contributions?.contributions ?? [];
  return {
    supplier_id: supplierId,
    risk_score: base.score.risk_score ?? null,
    margin: base.score.margin ?? null,
    base_value: base.base_value ?? 0,
    kind: base.kind.replace("EXPLANATION_KIND_", "").toLowerCase().replaceAll("_", "-"),
    background: base.background ?? "",
    contributions: list.map((c) => ({
      feature: c.feature,
      value: c.value ?? (c.category || null),
      contribution: c.contribution ?? 0,
      unit: c.unit ?? "",
      typical: c.typical ?? (c.typical_category || null),
    })),
    narrative: parts.flatMap((part) => part.narrative ?? []).join(" "),
    narrative_info: parts.find((part) => part.narrative_info)?.narrative_info ?? { generated: false },
    warnings: (base.score.warnings ?? []).map(({ message }) => message),
  };
}

/** Leaves out contributions, and adds their number and sum. */
function withLimits(
  explanation: ExplanationJson,
  limits: { readonly max: number; readonly minShare: number },
): ExplanationJson {
  const all = explanation.contributions;
  const entries = all.map((one) => ({
    feature: one.feature,
    value: null,
    category: "",
    contribution: one.contribution,
  }));
  const { kept, omitted, omittedCount } = selectContributions(entries, limits);
  const names = new Set(kept.map(({ entry }) => entry.feature));
  const contributions = all.filter(({ feature }) => names.has(feature));
  return { ...explanation, contributions, omitted_contributions: omittedCount, omitted };
}

const BAR_WIDTH = 30;
const MAX_LINES = 20;

/** One line of the waterfall. All words of one text feature share one line. */
interface WaterfallLine {
  readonly text: string;
  readonly contribution: number;
}

/** Returns the lines of the waterfall, largest absolute contribution first. */
function waterfallLines({ contributions }: ExplanationJson): WaterfallLine[] {
  const texts = new Map<string, { words: number; contribution: number }>();
  const lines: WaterfallLine[] = [];
  for (const { feature, value, contribution, unit, typical } of contributions) {
    const [text, word] = feature.split(":", 2);
    if (text !== undefined && word !== undefined) {
      const before = texts.get(text) ?? { words: 0, contribution: 0 };
      texts.set(text, { words: before.words + 1, contribution: before.contribution + contribution });
      continue;
    }
    const besides = unitBeside(featureText(feature), unit);
    const shown = typeof value === "number" ? withUnit(String(value), besides) : (value ?? "missing");
    const usual = typeof typical === "number" ? numberText(typical) : typical;
    lines.push({ text: `${feature} = ${shown}${usual === null ? "" : ` (typical ${usual})`}`, contribution });
  }
  for (const [text, { words, contribution }] of texts)
    lines.push({ text: `${text} (${countText(words, "word")} together)`, contribution });
  return lines
    .filter(({ contribution }) => contribution !== 0)
    .sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution));
}

/** Draws the contributions as a waterfall from the base value to the margin. */
function drawWaterfall(report: Report, explanation: ExplanationJson): void {
  const lines = waterfallLines(explanation);
  const largest = Math.max(...lines.map((line) => Math.abs(line.contribution)), 1e-12);
  const perPoint = explanation.output_per_point;
  /** Sums of points are exact multiples; the division may leave an error in the last digit. */
  const inPoints = (output: number): string =>
    perPoint === undefined ? "" : `: ${pointsText(Math.round(output / perPoint))} points`;
  report.line(`base value ${explanation.base_value.toFixed(4)}${inPoints(explanation.base_value)}`);
  for (const { text, contribution } of lines.slice(0, MAX_LINES)) {
    const bar = (contribution >= 0 ? "+" : "−").repeat(
      Math.max(1, Math.round((BAR_WIDTH * Math.abs(contribution)) / largest)),
    );
    report.line(
      `${contribution.toFixed(4).padStart(9)}  ${bar.padEnd(BAR_WIDTH)}  ${printable(text)}${inPoints(contribution)}`,
    );
  }
  const rest = lines.slice(MAX_LINES);
  if (rest.length > 0) {
    const sum = rest.reduce((total, { contribution }) => total + contribution, 0);
    report.line(
      `${sum.toFixed(4).padStart(9)}  ${"".padEnd(BAR_WIDTH)}  ${rest.length} smaller contributions together`,
    );
  }
  if (explanation.omitted_contributions)
    report.line(
      `${(explanation.omitted ?? 0).toFixed(4).padStart(9)}  ${"".padEnd(BAR_WIDTH)}  ${countText(explanation.omitted_contributions, "contribution")} left out`,
    );
  report.line(
    `margin     ${explanation.margin?.toFixed(4) ?? "none"}${explanation.margin === null ? "" : inPoints(explanation.margin)}  →  risk score ${explanation.risk_score?.toFixed(4) ?? (explanation.margin === null ? "none" : "none (a regressor)")} (${explanation.kind}: ${explanation.background})`,
  );
  report.line(printable(explanation.narrative));
  report.line(printable(`(${narrativeMadeBy(explanation.narrative_info)})`));
  for (const warning of explanation.warnings) report.line(printable(`warning: ${warning}`));
}

const explainPath = (language: Language | undefined): string =>
  language === undefined ? "/explain" : `/explain?${NARRATIVE_LANGUAGE}=${language}`;

/** Returns the narrative of a score that was computed without a service: from the template. */
function localNarrative(
  { bundle }: Pick<ScoringModel, "bundle">,
  { supplierId, contractText }: FlatSupplier,
  score: SupplierScore,
  language: Language,
): Pick<ExplanationJson, "narrative" | "narrative_info"> {
  const features = describeFeatures(bundle);
  const { reasons, unstated } = selectReasons(score.contributions, features);
  const narrated = { ...score, bandLimits: bundle.bands, reasons, unstated };
  const facts = narrativeFacts(narrated, contractText, featureNames(features, language));
  const sentences = writeTemplate(supplierId, facts, language);
  const wordings = sentences.map(() => "TEMPLATE");
  return {
    narrative: sentences.join(" "),
    narrative_info: { language, generated: false, outcome: "NOT_CONFIGURED", wordings },
  };
}

/** `bellwether explain` */
export function explainCommand(context: CliContext): Command {
  return withModelOptions(new Command("explain"))
    .requiredOption(
      "--input <json>",
      "one supplier: a flat JSON object, a file that contains the object, or - for standard input (required)",
    )
    .option(
      "--url <url>",
      `HTTP URL of a running ml-service, for example ${ML_EXAMPLE_URL}. The service explains the score with its champion; the command does not read the model registry`,
      listenerUrl,
    )
    .option("--top <count>", "maximum number of contributions, 1 to 1024 (default: all)", wholeNumber(1, 1_024))
    .option(
      "--min-share <share>",
      "only contributions whose share of the sum of all absolute contributions is at least this number, 0 to 1",
      share,
      0,
    )
    .addOption(
      new Option(
        "--narrative-language <language>",
        "language of the narrative (default: with --url the language of the service, without --url en)",
      ).choices(LANGUAGES),
    )
    .option(...JSON_FLAG)
    .addHelpText(
      "after",
      "\nTo explain the score of a stored supplier in one week: npx bellwether suppliers explain S_00001\n\nExample:\n  npx bellwether explain --input supplier.json",
    )
    .action(async (options) => {
      const report = createReport(options);
      checkModelOptions(options);
      const { json, supplier } = await readSupplier("--input", options.input, context.cwd);
      const explanation = options.url
        ? fromStream(
            options.url,
            supplier.supplierId,
            await postJson(options.url, explainPath(options.narrativeLanguage), json, context.env),
          )
        : await withLocalModel(context, options, async (model): Promise<ExplanationJson> => {
            if (model.explainer === null) throw new NotExplainableError(model);
            const score = await scoreFlatSupplier(model, supplier);
            return {
              supplier_id: supplier.supplierId,
              risk_score: score.riskScore,
              margin: score.output,
              base_value: model.explainer.baseValue,
              kind: model.bundle.explanation.kind,
              background: model.bundle.explanation.background,
              ...(model.bundle.outputPerPoint !== undefined && { output_per_point: model.bundle.outputPerPoint }),
              contributions: score.contributions.map(({ feature, value, category, contribution }) => {
                const { unit, typical, typicalCategory } = factsOf(model.bundle, feature);
                return {
                  feature,
                  value: value ?? (category || null),
                  contribution,
                  unit,
                  typical: typical ?? (typicalCategory || null),
                };
              }),
              ...localNarrative(model, supplier, score, options.narrativeLanguage ?? "en"),
              warnings: score.warnings.map(({ message }) => message),
            };
          });
      const limits = { max: options.top ?? 0, minShare: options.minShare };
      const shown = limits.max === 0 && limits.minShare === 0 ? explanation : withLimits(explanation, limits);
      drawWaterfall(report, shown);
      report.json(shown);
    });
}
