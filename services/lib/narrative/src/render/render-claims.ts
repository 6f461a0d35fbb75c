import type { Claim, ClaimKind } from "../claims/check-claims.ts";
import { dataText } from "../facts/data-text.ts";
import { localNumber, localScore } from "../facts/fact-text.ts";
import type { Language } from "../facts/language.ts";
import type { NarrativeFacts, ReasonFact } from "../facts/narrative-facts.ts";
import { typicalText, valueText } from "../facts/reason-values.ts";
import { PHRASES } from "../template/phrases.ts";
import { ENGLISH, ENGLISH_OF_NUMBERS } from "./english.ts";
import { GERMAN, GERMAN_OF_NUMBERS } from "./german.ts";
import { createUnsaidFilter } from "./unsaid-claims.ts";
import type { FeatureDetails, Influence, Relation, Wordings } from "./wordings.ts";

const WORDINGS: Readonly<Record<Language, Wordings>> = { en: ENGLISH, de: GERMAN };
const NUMBER_WORDINGS: Readonly<Record<Language, Wordings>> = { en: ENGLISH_OF_NUMBERS, de: GERMAN_OF_NUMBERS };

/** Writes the claims of sentences in the words of the service, in the order of the narrative. */
export interface ClaimRenderer {
  /** Returns sentences that state exactly the claims that no earlier sentence has stated. */
  render(claims: readonly Claim[]): readonly string[];
}

/** Features that one sentence names at most; with more, it is divided. */
const FEATURES_IN_JOINED = 4;
/** Sentences about values that are joined into one. */
const MAX_JOINED = 3;

/** Creates a renderer for one narrative. The facts choose the first variant, so that narratives differ. */
export function createClaimRenderer(supplierId: string, facts: NarrativeFacts, language: Language): ClaimRenderer {
  const wordings = (facts.riskScore === null ? NUMBER_WORDINGS : WORDINGS)[language];
  let variant = Math.round((facts.riskScore ?? 0) * 100) + facts.reasons.length;
  const directions = new Set<ReasonFact["direction"]>();
  const takeUnsaid = createUnsaidFilter();

  const relationOf = (direction: ReasonFact["direction"]): Relation =>
    directions.has(direction) ? "also" : directions.size > 0 ? "contrast" : "first";

  const renderInfluences = (influences: readonly Influence[]): readonly string[] => {
    const [one, other] = influences;
    if (one === undefined) return [];
    const count = influences.reduce(
      (sum, { first, followers, others }) => sum + first.length + followers.length + others.length,
      0,
    );
    if (other !== undefined && count <= FEATURES_IN_JOINED && directions.size === 0) {
      directions.add("increases").add("lowers");
      return [wordings.both(one, other)];
    }
    return influences.map((influence) => {
      const relation = relationOf(influence.direction);
      directions.add(influence.direction);
      return wordings.influence(influence, relation, variant++);
    });
  };

  const render = (claimed: readonly Claim[]): readonly string[] => {
    const claims = takeUnsaid(claimed);
    const features = featuresOf(claims, language);
    const influences = influencesOf(claims, features, directions);
    const directed = new Set(influences.flatMap(({ first, followers, others }) => [...first, ...followers, ...others]));
    const labels = (reasons: readonly ReasonFact[]): string[] => reasons.map(({ label }) => label);
    const groups: Readonly<Record<Group, () => readonly string[]>> = {
      score: () => scoreSentences(claims, supplierId, facts, language, variant),
      features: () => [
        ...renderInfluences(influences),
        ...joinedInThrees(
          features.filter((one) => !directed.has(one) && hasDetails(one)).map(wordings.feature),
          wordings.joined,
        ),
        ...claims.flatMap((claim) =>
          claim.kind === "order" && !isFollowed(claim, influences) ? [wordings.order(labels(claim.reasons))] : [],
        ),
        ...claims.flatMap(({ kind, reasons }) =>
          kind === "strongest_of_all" ? [wordings.strongestOfAll(labels(reasons))] : [],
        ),
      ],
      missing: () => {
        const missing = [...new Set(claims.flatMap((claim) => claim.missing))];
        return missing.length === 0 ? [] : [wordings.missing(missing)];
      },
      nothing: () => [
        ...(claims.some(({ kind }) => kind === "nothing_raises") ? [wordings.nothing("increases")] : []),
        ...(claims.some(({ kind }) => kind === "nothing_lowers") ? [wordings.nothing("lowers")] : []),
      ],
    };
    const order = [...new Set(claims.flatMap(groupsOf))];
    return [...new Set(order.flatMap((group) => groups[group]()))].map((text) => `${text}.`);
  };
  return { render };
}

type Group = "score" | "features" | "missing" | "nothing";

function groupsOf({ kind, reasons, missing }: Claim): readonly Group[] {
  if (kind === "score" || kind === "band") return ["score"];
  if (kind === "nothing_raises" || kind === "nothing_lowers") return ["nothing"];
  return [
    ...(reasons.length > 0 ? (["features"] as const) : []),
    ...(missing.length > 0 ? (["missing"] as const) : []),
  ];
}

/** Returns the features whose direction is claimed, in the order of the claims. */
const directedReasons = (claims: readonly Claim[]): readonly ReasonFact[] => [
  ...new Set(
    claims.flatMap(({ kind, reasons }) =>
      kind === "raises" || kind === "lowers" || kind === "strongest" ? reasons : [],
    ),
  ),
];

/** Returns what is claimed of each feature, in the order of the claims. */
function featuresOf(claims: readonly Claim[], language: Language): readonly FeatureDetails[] {
  const reasons = [...new Set(claims.flatMap((claim) => claim.reasons))];
  return reasons.map((reason): FeatureDetails => {
    const isClaimed = (...kinds: readonly ClaimKind[]): boolean =>
      claims.some((claim) => kinds.includes(claim.kind) && claim.reasons.includes(reason));
    const compared = (["above", "below", "equal"] as const).find((kind) => isClaimed(kind));
    const quotes = claims.flatMap((claim) => claim.quotes).filter((quote) => reason.quotes.includes(quote));
    return {
      reason,
      value: isClaimed("value") ? valueText(reason, language) : undefined,
      typical: isClaimed("typical") || compared !== undefined ? typicalText(reason, language) : undefined,
      compared,
      isMissing: isClaimed("missing"),
      quotes: [...new Set(quotes)].map((quote) => quote.text),
    };
  });
}

const hasDetails = ({ value, typical, compared, isMissing, quotes }: FeatureDetails): boolean =>
  value !== undefined || typical !== undefined || compared !== undefined || isMissing || quotes.length > 0;

/**
 * Returns the features whose direction is claimed as clauses: the direction that is claimed first comes first.
 * @param before Directions that sentences before have named.
 */
function influencesOf(
  claims: readonly Claim[],
  features: readonly FeatureDetails[],
  before: ReadonlySet<ReasonFact["direction"]>,
): readonly Influence[] {
  const directed = directedReasons(claims);
  const directions = [...new Set(directed.map(({ direction }) => direction))];
  return directions.map((direction): Influence => {
    const named = features.filter(({ reason }) => reason.direction === direction && directed.includes(reason));
    const strongest = claims.filter(({ kind }) => kind === "strongest").flatMap(({ reasons }) => reasons);
    // After weaker features, "also increased by" would sound as if the strongest feature had a small effect.
    const isLate = (reason: ReasonFact): boolean => reason.rank === 1 && before.has(direction);
    const heads = named.filter(({ reason }) => strongest.includes(reason) || isLate(reason));
    // "X, followed by Y" sounds as if X were the strongest feature: it has to be, or the sentence has to say so.
    const order = claims.find(
      ({ kind, reasons: [leader, ...rest] }) =>
        kind === "order" &&
        leader !== undefined &&
        (leader.rank === 1 || strongest.includes(leader)) &&
        isNext([leader, ...rest]) &&
        [leader, ...rest].every((reason) => named.some((one) => one.reason === reason)),
    );
    const [leader] = order?.reasons ?? [];
    const first =
      heads.length > 0 ? heads : leader === undefined ? named : named.filter(({ reason }) => reason === leader);
    const isLed = first.some(({ reason }) => reason === leader);
    const followers = isLed
      ? (order?.reasons ?? []).flatMap((reason) => named.filter((one) => one.reason === reason && !first.includes(one)))
      : [];
    const others = named.filter((one) => !first.includes(one) && !followers.includes(one));
    return { direction, isStrongest: heads.length > 0, first, followers, others };
  });
}

/** Whether the rank of each feature is one after that of the feature before it. Only then is "followed by" true. */
const isNext = (reasons: readonly ReasonFact[]): boolean =>
  reasons.every(({ rank }, i) => i === 0 || rank === (reasons[i - 1]?.rank ?? 0) + 1);

/** Whether the clauses say the order of a claim: its first feature is named first, and the others as its followers. */
const isFollowed = ({ reasons }: Claim, influences: readonly Influence[]): boolean =>
  influences.some(
    ({ first, followers }) =>
      first.length === 1 &&
      first[0]?.reason === reasons[0] &&
      reasons.slice(1).every((one, i) => followers[i]?.reason === one),
  );

function joinedInThrees(
  sentences: readonly string[],
  join: (sentences: readonly string[]) => string,
): readonly string[] {
  return Array.from({ length: Math.ceil(sentences.length / MAX_JOINED) }, (_, i) =>
    join(sentences.slice(i * MAX_JOINED, (i + 1) * MAX_JOINED)),
  );
}

function scoreSentences(
  claims: readonly Claim[],
  supplierId: string,
  { riskScore, prediction, band, bandLimits }: NarrativeFacts,
  language: Language,
  variant: number,
): readonly string[] {
  const wordings = WORDINGS[language];
  const phrases = PHRASES[language];
  const supplier = dataText(supplierId, language);
  const says = (kind: ClaimKind): boolean => claims.some((claim) => claim.kind === kind);
  if (riskScore === null)
    return [phrases.prediction(supplier, localNumber(prediction ?? 0, language)).replace(/\.$/, "")];
  const score = localScore(riskScore, language, bandLimits);
  if (!says("score")) return [wordings.band(supplier, phrases.bands[band])];
  return [
    says("band")
      ? wordings.scoreAndBand(supplier, score, phrases.bands[band], variant)
      : wordings.score(supplier, score, variant),
  ];
}
