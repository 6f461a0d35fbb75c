import { localScore, scorePercent } from "../facts/fact-text.ts";
import type { Language } from "../facts/language.ts";
import type { NarrativeFacts } from "../facts/narrative-facts.ts";
import { STATED } from "../grammar/fact-definitions.ts";
import type { Role, Word } from "./read-words.ts";

const SCORE_ROLES: readonly Role[] = [
  ...(["supplier", "band", "number", "comma", "semicolon", "open", "close"] as const),
  ...(["score", "determiner", "preposition", "risk", "is", "agent", "passive", "valueOf"] as const),
];

/** Returns the facts of a statement about the score and its band. Undefined: it is not one, or it is false. */
export function scoreClaims(
  words: readonly Word[],
  { riskScore, band }: NarrativeFacts,
  language: Language,
): readonly string[] | undefined {
  if (riskScore === null) return;
  if (!words.every(({ roles }) => SCORE_ROLES.some((role) => roles.has(role)))) return;
  const numbers = words.filter(({ number }) => number !== undefined);
  const score = localScore(riskScore, language);
  const percent = scorePercent(riskScore);
  const areTrue = numbers.every(({ number, unit }) =>
    unit === "%" ? number === percent : unit === "" && number === score,
  );
  if (!areTrue || numbers.length === 0 || numbers.length > 2) return;
  const bands = words.filter(({ roles }) => roles.has("band")).length;
  if (bands > 2) return;
  return bands > 0 && band !== "unknown" ? [STATED.score, STATED.band] : [STATED.score];
}

const MISSING_ROLES: readonly Role[] = [
  ...(["missing", "missingFeature", "comma", "joint", "determiner", "preposition", "noun", "is"] as const),
  ...(["adverb", "open", "close", "agent", "passive", "valueOf"] as const),
];
/** What may be between the words for "not known" and the names: more would be another statement. */
const BESIDE: readonly Role[] = ["determiner", "preposition", "agent", "is", "noun", "comma", "valueOf", "adverb"];

/** Returns the facts of a statement about all missing features. Undefined: it is not one, or it is false. */
export function missingClaims(words: readonly Word[], { missing }: NarrativeFacts): readonly string[] | undefined {
  if (missing.length === 0) return;
  if (!words.every(({ roles }) => MISSING_ROLES.some((role) => roles.has(role)))) return;
  const named = words.flatMap((word) => word.missing ?? []);
  if (named.length !== missing.length || new Set(named).size !== missing.length) return;
  const first = words.findIndex((word) => word.missing !== undefined);
  const last = words.findLastIndex((word) => word.missing !== undefined);
  const isJoined = words
    .slice(first, last)
    .every(
      ({ roles, missing: name }) =>
        name !== undefined || roles.has("comma") || roles.has("joint") || roles.has("determiner"),
    );
  if (!isJoined) return;
  const says = words.flatMap(({ roles }, i) => (roles.has("missing") && (i < first || i > last) ? [i] : []));
  if (says.length === 0) return;
  const nearest = says.some((at) =>
    (at < first ? words.slice(at + 1, first) : words.slice(last + 1, at)).every(({ roles }) =>
      ["missing", ...BESIDE].some((role) => roles.has(role as Role)),
    ),
  );
  return nearest ? [STATED.missing] : undefined;
}
