import type { AnswerSentence } from "../src/answer/read-answer.ts";
import { comparedOf, missingId, quoteId } from "../src/claims/check-claims.ts";
import type { Language } from "../src/facts/language.ts";
import type { NarrativeFacts, ReasonFact } from "../src/facts/narrative-facts.ts";

/** A claim as it is sent. */
export interface SentClaim {
  readonly kind: string;
  readonly facts: readonly string[];
}

const placeholders = (text: string, kind: string): string[] => [
  ...new Set([...text.matchAll(new RegExp(`\\{${kind}:(\\w+)\\}`, "g"))].flatMap(([, id]) => id ?? [])),
];

/** Returns the claims of a sentence of `writeTruthful`, from its placeholders and the words of its patterns. */
export function claimsOf(
  { text, facts: about }: AnswerSentence,
  facts: NarrativeFacts,
  language: Language,
): SentClaim[] {
  if (about.includes("score"))
    return [
      { kind: "score", facts: ["score"] },
      { kind: "band", facts: ["score"] },
    ];
  if (about.includes("missing")) return [{ kind: "missing", facts: ["missing"] }];
  const reasons = facts.reasons.filter(({ id }) => about.includes(id));
  const ids = (found: readonly ReasonFact[]): string[] => found.map(({ id }) => id);
  const claim = (kind: string, names: readonly string[]): SentClaim[] =>
    names.length === 0 ? [] : [{ kind, facts: names }];
  const compared = reasons.filter(({ id }) => placeholders(text, "compared").includes(id));
  const isDirected = !/\{compared:|where \{typical|typisch sind/.test(text);
  return [
    ...(isDirected ? claim(reasons[0]?.direction === "lowers" ? "lowers" : "raises", ids(reasons)) : []),
    ...(/\bmost\b|mainly|am stärksten|Am meisten/.test(text) ? claim("strongest", ids(reasons)) : []),
    ...claim("value", placeholders(text, "value")),
    ...claim("typical", placeholders(text, "typical")),
    ...(["above", "below", "equal"] as const).flatMap((side) =>
      claim(side, ids(compared.filter((reason) => comparedOf(reason, language) === side))),
    ),
    ...claim(
      "quote",
      placeholders(text, "quotes").flatMap((id) =>
        facts.reasons.flatMap((reason) =>
          reason.id === id ? reason.quotes.map((quote, i) => quoteId(reason, quote, i)) : [],
        ),
      ),
    ),
  ];
}

/** Returns all claims about single facts that are true. */
export function allTrueClaims(facts: NarrativeFacts, language: Language): SentClaim[] {
  const has = (direction: ReasonFact["direction"]): boolean => facts.reasons.some((one) => one.direction === direction);
  return [
    { kind: "score", facts: ["score"] },
    { kind: "band", facts: ["score"] },
    ...(has("increases") ? [] : [{ kind: "nothing_raises", facts: ["score"] }]),
    ...(has("lowers") ? [] : [{ kind: "nothing_lowers", facts: ["score"] }]),
    ...facts.missing.map((_, i) => ({ kind: "missing", facts: [missingId(i)] })),
    ...facts.reasons.flatMap((reason): SentClaim[] => {
      const { id, direction, rank, overallRank, value, typical, category, typicalCategory, quotes } = reason;
      const compared = comparedOf(reason, language);
      const hasValue = value !== null || category !== "";
      return [
        { kind: direction === "increases" ? "raises" : "lowers", facts: [id] },
        ...(rank === 1 ? [{ kind: "strongest", facts: [id] }] : []),
        ...(overallRank === 1 ? [{ kind: "strongest_of_all", facts: [id] }] : []),
        ...(hasValue ? [{ kind: "value", facts: [id] }] : []),
        ...(typical !== null || typicalCategory !== "" ? [{ kind: "typical", facts: [id] }] : []),
        ...(compared === undefined ? [] : [{ kind: compared, facts: [id] }]),
        ...(hasValue || quotes.length > 0 ? [] : [{ kind: "missing", facts: [id] }]),
        ...quotes.map((quote, i) => ({ kind: "quote", facts: [quoteId(reason, quote, i)] })),
      ];
    }),
    ...facts.reasons
      .toSorted((a, b) => a.overallRank - b.overallRank)
      .flatMap(({ id }, i, all) => {
        const next = all[i + 1];
        return next ? [{ kind: "order", facts: [id, next.id] }] : [];
      }),
  ];
}
