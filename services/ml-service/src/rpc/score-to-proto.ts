import { BAND_NUMBERS } from "@bellwether/contract/band-codes";
import {
  type Contribution,
  type ContributionSchema,
  ContributionStrength,
  ExplanationKind,
  type ModelIdentity as ModelIdentityMessage,
  OutputSpace,
  type Score,
  WarningCode,
} from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { featureNames } from "@bellwether/narrative/facts/feature-names";
import type { Language } from "@bellwether/narrative/facts/language";
import { localContributionText } from "@bellwether/narrative/template/contribution-text";
import { type SharedContribution, type Strength, strengthOf } from "@bellwether/reasons/contribution-shares";
import { contributionText } from "@bellwether/reasons/contribution-text";
import type { FeatureBundle } from "@bellwether/risk-model/bundle/feature-bundle";
import type { ModelIdentity, ScoringModel } from "@bellwether/scoring/model/scoring-model";
import type { FeatureContribution } from "@bellwether/scoring/score/feature-contributions";
import { contradictsDirection, describeFeatures, factsOf } from "@bellwether/scoring/score/feature-facts";
import type { SupplierScore } from "@bellwether/scoring/score/score-supplier";
import type { MessageInitShape } from "@bufbuild/protobuf";

const SPACES = {
  margin: OutputSpace.MARGIN,
  probability: OutputSpace.PROBABILITY,
  raw: OutputSpace.RAW,
} satisfies Record<FeatureBundle["outputSpace"], OutputSpace>;

const KINDS = {
  "path-dependent": ExplanationKind.PATH_DEPENDENT,
  interventional: ExplanationKind.INTERVENTIONAL,
  none: ExplanationKind.NONE,
} satisfies Record<FeatureBundle["explanation"]["kind"], ExplanationKind>;

const WARNING_CODES = {
  OUTSIDE_TRAINING_RANGE: WarningCode.OUTSIDE_TRAINING_RANGE,
  UNKNOWN_CATEGORY: WarningCode.UNKNOWN_CATEGORY,
  TOO_FEW_FEATURES: WarningCode.TOO_FEW_FEATURES,
} satisfies Record<SupplierScore["warnings"][number]["code"], WarningCode>;

const STRENGTHS = {
  strong: ContributionStrength.STRONG,
  moderate: ContributionStrength.MODERATE,
  weak: ContributionStrength.WEAK,
} satisfies Record<Strength, ContributionStrength>;

export const outputSpaceToProto = ({
  outputSpace,
  explains,
}: Pick<FeatureBundle, "outputSpace" | "explains">): OutputSpace =>
  explains === "class-margin" ? OutputSpace.CLASS_MARGIN : SPACES[outputSpace];
export const explanationKindToProto = (bundle: FeatureBundle): ExplanationKind => KINDS[bundle.explanation.kind];
export const identityToProto = (identity: ModelIdentity): ModelIdentityMessage => ({
  $typeName: "bellwether.inference.v1.ModelIdentity",
  ...identity,
});

// A score and what it contains are built as messages, not as the arguments of `create`, which would build all of it again
// for each call.

export function contributionToProto(entry: FeatureContribution, bundle: FeatureBundle): Contribution {
  const { feature, value, category, contribution } = entry;
  const { unit, typical, typicalCategory } = factsOf(bundle, feature);
  const message: Contribution = {
    $typeName: "bellwether.inference.v1.Contribution",
    feature,
    category,
    contribution,
    unit,
    typicalCategory,
    previousCategory: "",
    contradictsDirection: contradictsDirection(bundle, entry),
    strength: ContributionStrength.UNSPECIFIED,
    text: "",
  };
  if (value !== null) message.value = value;
  if (typical !== null) message.typical = typical;
  return message;
}

/** Returns the function that converts a contribution with its share, its strength and its text in a language. */
export function sharedContributionConverter(
  bundle: FeatureBundle,
  language: Language,
): (shared: SharedContribution) => MessageInitShape<typeof ContributionSchema> {
  const textOf = language === "en" ? englishText(bundle) : localText(bundle, language);
  return ({ entry, share }) => ({
    ...contributionToProto(entry, bundle),
    share,
    strength: STRENGTHS[strengthOf(share)],
    text: textOf(entry),
  });
}

const englishText =
  (bundle: FeatureBundle) =>
  (entry: FeatureContribution): string => {
    const { wording, direction } = bundle.features.find(({ name }) => name === entry.feature) ?? {};
    return contributionText(entry, factsOf(bundle, entry.feature), wording, direction);
  };

function localText(bundle: FeatureBundle, language: Language): (entry: FeatureContribution) => string {
  const names = featureNames(describeFeatures(bundle), language);
  const text = bundle.text?.feature ?? "";
  return (entry) => localContributionText(entry, factsOf(bundle, entry.feature), names, language, text);
}

/** @param top Maximum number of contributions in the response. */
export function scoreToProto(
  supplierId: string,
  predictionId: string,
  score: SupplierScore,
  { bundle, explainer }: Pick<ScoringModel, "bundle" | "explainer">,
  top: number,
): Score {
  const message: Score = {
    $typeName: "bellwether.inference.v1.Score",
    supplierId,
    predictionId,
    band: BAND_NUMBERS[score.band],
    classProbabilities: score.probabilities.map(({ label, probability }) => ({
      $typeName: "bellwether.inference.v1.ClassProbability",
      label,
      probability,
    })),
    topContributions: score.contributions.slice(0, top).map((entry) => contributionToProto(entry, bundle)),
    model: identityToProto(score.model),
    missingFeatures: [...score.missing],
    warnings: score.warnings.map(({ code, feature, message }) => ({
      $typeName: "bellwether.inference.v1.Warning",
      ...{ code: WARNING_CODES[code], feature, message },
    })),
    outputSpace: outputSpaceToProto(bundle),
    explanationKind: KINDS[bundle.explanation.kind],
    background: bundle.explanation.background,
  };
  if (explainer !== null) message.baseValue = explainer.baseValue;
  if (score.riskScore !== null) message.riskScore = score.riskScore;
  if (score.output !== null) message.margin = score.output;
  if (score.prediction !== null) message.prediction = score.prediction;
  return message;
}
