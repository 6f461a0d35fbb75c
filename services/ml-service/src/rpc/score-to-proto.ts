import { BAND_NUMBERS } from "@bellwether/contract/band-codes";
import {
  type ContributionSchema,
  ContributionStrength,
  ExplanationKind,
  type ModelIdentitySchema,
  OutputSpace,
  type ScoreSchema,
  WarningCode,
} from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { type SharedContribution, type Strength, strengthOf } from "@bellwether/reasons/contribution-shares";
import { contributionText } from "@bellwether/reasons/contribution-text";
import type { FeatureBundle } from "@bellwether/risk-model/bundle/feature-bundle";
import type { ModelIdentity, ScoringModel } from "@bellwether/scoring/model/scoring-model";
import type { FeatureContribution } from "@bellwether/scoring/score/feature-contributions";
import { contradictsDirection, factsOf } from "@bellwether/scoring/score/feature-facts";
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
export const identityToProto = (identity: ModelIdentity): MessageInitShape<typeof ModelIdentitySchema> => ({
  ...identity,
});

export function contributionToProto(
  entry: FeatureContribution,
  bundle: FeatureBundle,
): MessageInitShape<typeof ContributionSchema> {
  const { feature, value, category, contribution } = entry;
  const { unit, typical, typicalCategory } = factsOf(bundle, feature);
  return {
    feature,
    category,
    contribution,
    unit,
    typicalCategory,
    contradictsDirection: contradictsDirection(bundle, entry),
    ...(value !== null && { value }),
    ...(typical !== null && { typical }),
  };
}

/** Returns a contribution with its share, strength and text. */
export function sharedContributionToProto(
  { entry, share }: SharedContribution,
  bundle: FeatureBundle,
): MessageInitShape<typeof ContributionSchema> {
  const { wording, direction } = bundle.features.find(({ name }) => name === entry.feature) ?? {};
  return {
    ...contributionToProto(entry, bundle),
    share,
    strength: STRENGTHS[strengthOf(share)],
    text: contributionText(entry, factsOf(bundle, entry.feature), wording, direction),
  };
}

/** @param top Maximum number of contributions in the response. */
export function scoreToProto(
  supplierId: string,
  predictionId: string,
  score: SupplierScore,
  { bundle, explainer }: Pick<ScoringModel, "bundle" | "explainer">,
  top: number,
): MessageInitShape<typeof ScoreSchema> {
  return {
    supplierId,
    predictionId,
    band: BAND_NUMBERS[score.band],
    classProbabilities: [...score.probabilities],
    topContributions: score.contributions.slice(0, top).map((entry) => contributionToProto(entry, bundle)),
    model: identityToProto(score.model),
    missingFeatures: [...score.missing],
    warnings: score.warnings.map((warning) => ({ ...warning, code: WARNING_CODES[warning.code] })),
    outputSpace: outputSpaceToProto(bundle),
    explanationKind: KINDS[bundle.explanation.kind],
    background: bundle.explanation.background,
    ...(explainer !== null && { baseValue: explainer.baseValue }),
    ...(score.riskScore !== null && { riskScore: score.riskScore }),
    ...(score.output !== null && { margin: score.output }),
    ...(score.prediction !== null && { prediction: score.prediction }),
  };
}
