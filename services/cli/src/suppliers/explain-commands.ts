import {
  type NarrativeInfo,
  NarrativeLanguage,
  NarrativeOutcome,
  NarrativeRejection,
} from "@bellwether/gen/bellwether/inference/v1/narrative_pb";
import type { Contribution } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import {
  ExplainScoreChangeResponseSchema,
  type ExplainScoreResponse,
  ExplainScoreResponseSchema,
} from "@bellwether/gen/bellwether/ops/v1/score_explanation_pb";
import { toJson } from "@bufbuild/protobuf";
import { Command, Option } from "commander";
import { changeLines } from "../changes/change-text.ts";
import { changeFromProto } from "../changes/change-view.ts";
import type { CliContext } from "../context/cli-context.ts";
import { isoWeek, share, wholeNumber } from "../input/parse-option.ts";
import { enumWord } from "../output/enum-word.ts";
import { type NarrativeInfoJson, narrativeMadeBy } from "../output/narrative-text.ts";
import { printable } from "../output/printable.ts";
import { createReport } from "../output/report.ts";
import { JSON_FLAG, OPS_FLAG, OPS_MODEL_FLAG } from "../remote/shared-options.ts";
import { type ExplanationWords, wordsIn } from "./explanation-words.ts";
import { openSuppliers } from "./supplier-client.ts";

/** Maximum number of contributions and parts that a request may ask for. */
const MAX_PARTS = 1_024;

const LANGUAGES = { en: NarrativeLanguage.ENGLISH, de: NarrativeLanguage.GERMAN } as const;

const languageOf = (language: string | undefined): NarrativeLanguage =>
  language === "en" || language === "de" ? LANGUAGES[language] : NarrativeLanguage.UNSPECIFIED;

/** Returns how a narrative was made, with the names of `POST /explain`. */
const narrativeInfoJson = (info: NarrativeInfo): NarrativeInfoJson => ({
  ...(info.language === NarrativeLanguage.GERMAN && { language: "de" }),
  generated: info.generated,
  outcome: enumWord(NarrativeOutcome, info.outcome).toUpperCase(),
  ...(info.rejection !== NarrativeRejection.UNSPECIFIED && {
    rejection: enumWord(NarrativeRejection, info.rejection).toUpperCase(),
  }),
  ...(info.languageModel !== "" && { language_model: info.languageModel }),
  ...{ template_sentences: info.templateSentences, rejected_sentences: info.rejectedSentences },
});

/** Returns a contribution in one line. */
export function contributionLine(
  {
    contribution,
    strength,
    text,
    contradictsDirection,
  }: Pick<Contribution, "contribution" | "strength" | "text" | "contradictsDirection">,
  { strengths, decimals, notAReason }: ExplanationWords,
): string {
  const remark = contradictsDirection ? ` [${notAReason}]` : "";
  return `${decimals(contribution).padStart(9)}  ${(strengths[strength] ?? "").padEnd(8)}  ${printable(text)}${remark}`;
}

/** Returns the warnings about the score and the notes, each once. */
export function remarkLines(
  { score, notes }: Pick<ExplainScoreResponse, "score" | "notes">,
  words: Pick<ExplanationWords, "note">,
): string[] {
  const messages = [...(score?.warnings ?? []), ...notes].map(({ message }) => message);
  return [...new Set(messages)].map((message) => `${words.note}: ${printable(message)}`);
}

/** `bellwether suppliers explain` */
export function explainScoreCommand(context: CliContext): Command {
  return new Command("explain")
    .description(
      "Explain the score of a supplier in one week. The explanation is from the model version that computed the score.",
    )
    .argument("<supplier-id>", "id of the supplier in the weekly file")
    .option("--week <week>", "ISO week, for example 2026-W47 (default: the latest week)", isoWeek)
    .option("--top <count>", "maximum number of contributions, 1 to 1024", wholeNumber(1, MAX_PARTS), 10)
    .option(
      "--min-share <share>",
      "only contributions whose share of the sum of all absolute contributions is at least this number, 0 to 1",
      share,
      0,
    )
    .option("--narrative", "add the narrative (the score in sentences)")
    .addOption(
      new Option(
        "--narrative-language <language>",
        "add the narrative in this language, and show the contributions in it (default with --narrative: the language of ml-service)",
      ).choices(Object.keys(LANGUAGES)),
    )
    .option(...OPS_MODEL_FLAG)
    .option(...OPS_FLAG)
    .option(...JSON_FLAG)
    .addHelpText(
      "after",
      "\nExample:\n  npx bellwether suppliers explain S_00001 --week 2026-W47 --top 5 --narrative-language de",
    )
    .action(async (supplierId, options) => {
      const report = createReport(options);
      using client = openSuppliers(context, options.ops);
      const request = {
        ...{ supplierId, isoWeek: options.week ?? "", modelName: options.model ?? "", withTexts: true },
        ...{ maxContributions: options.top, minShare: options.minShare },
        withNarrative: options.narrative === true || options.narrativeLanguage !== undefined,
        // Without a narrative, the answer does not name its language.
        narrativeLanguage: languageOf(options.narrativeLanguage ?? (options.narrative ? undefined : "en")),
      };
      const answer = await client.answer(client.suppliers.explainScore(request));
      const { score } = answer;
      const words = wordsIn(answer.narrativeInfo?.language);
      const riskScore = score?.riskScore === undefined ? words.none : words.decimals(score.riskScore);
      report.line(
        `${printable(supplierId)} in ${answer.isoWeek}: ${words.riskScore} ${riskScore}, ${score?.model?.name ?? ""} ${score?.model?.version ?? ""}`,
      );
      for (const contribution of answer.contributions) report.line(contributionLine(contribution, words));
      if (answer.omittedContributions > 0)
        report.line(`${words.decimals(answer.omitted).padStart(9)}  ${words.others(answer.omittedContributions)}`);
      if (answer.narrative !== "") report.line(printable(answer.narrative));
      if (answer.narrativeInfo) report.line(printable(`(${narrativeMadeBy(narrativeInfoJson(answer.narrativeInfo))})`));
      for (const line of remarkLines(answer, words)) report.line(line);
      report.json(toJson(ExplainScoreResponseSchema, answer, { useProtoFieldName: true }));
    });
}

/** `bellwether suppliers change` */
export function changeScoreCommand(context: CliContext): Command {
  return new Command("change")
    .description(
      "Explain the change of a supplier's score between two weeks: how much follows from the data, and how much from the model version.",
    )
    .argument("<supplier-id>", "id of the supplier in the weekly file")
    .option(
      "--before <week>",
      "ISO week of the earlier score (default: the latest scored week before --after)",
      isoWeek,
    )
    .option("--after <week>", "ISO week of the later score (default: the latest week)", isoWeek)
    .option(...OPS_MODEL_FLAG)
    .option(...OPS_FLAG)
    .option(...JSON_FLAG)
    .addHelpText("after", "\nExample:\n  npx bellwether suppliers change S_00001 --before 2026-W46 --after 2026-W47")
    .action(async (supplierId, options) => {
      const report = createReport(options);
      using client = openSuppliers(context, options.ops);
      const request = {
        ...{ supplierId, modelName: options.model ?? "" },
        ...{ beforeWeek: options.before ?? "", afterWeek: options.after ?? "" },
      };
      const answer = await client.answer(client.suppliers.explainScoreChange(request));
      report.line(`${answer.beforeWeek} → ${answer.afterWeek}`);
      if (answer.change) for (const line of changeLines(changeFromProto(answer.change))) report.line(line);
      report.json(toJson(ExplainScoreChangeResponseSchema, answer, { useProtoFieldName: true }));
    });
}
