import { localNumber } from "../facts/fact-text.ts";
import type { Language } from "../facts/language.ts";
import type { NarrativeFacts, ReasonFact } from "../facts/narrative-facts.ts";
import { numbersAreTrue } from "./number-claims.ts";
import type { Role, Word } from "./read-words.ts";

const REASON_ROLES: readonly Role[] = [
  ...(["reason", "quote", "category", "number", "comma", "open", "close", "determiner", "is", "preposition"] as const),
  ...([
    "adverb",
    "noun",
    "valueOf",
    "joint",
    "risk",
    "up",
    "down",
    "upVerb",
    "downVerb",
    "push",
    "upParticle",
  ] as const),
  ...(["downParticle", "top", "order", "above", "below", "aboveAdjective", "belowAdjective", "typical"] as const),
  ...(["versus", "missing", "contract", "agent", "passive", "semicolon"] as const),
];

/** Roles of a direction that is complete by itself, or with its object. */
type Direction = ReasonFact["direction"];

/**
 * Returns a function that returns the reasons that a statement names. Undefined: something in it is not in the facts,
 * or it cannot be attributed with certainty.
 */
export function createReasonCheck(
  facts: NarrativeFacts,
  language: Language,
): (words: readonly Word[]) => readonly string[] | undefined {
  const byId = new Map(facts.reasons.map((reason) => [reason.id, reason]));
  return (words) => {
    if (!words.every((word) => REASON_ROLES.some((role) => word.roles.has(role)))) return;
    const named = namedReasons(words, byId);
    if (named === undefined) return;
    const reasons = [...new Set(named.flatMap((reason) => reason ?? []))];
    if (reasons.length === 0) return;
    if (!isWellFormed(words, reasons)) return;
    if (!directionIsTrue(words, reasons)) return;
    if (!numbersAreTrue(words, named, language)) return;
    if (!comparisonsAreTrue(words, named, language)) return;
    if (!strengthIsTrue(words, reasons)) return;
    if (!missingIsTrue(words, named)) return;
    return reasons.map(({ id }) => id);
  };
}

/**
 * Returns the reason of each word. Undefined: one is named twice, or two are named without "and", a comma or a bracket
 * between them ("late ratio of past disputes").
 */
function namedReasons(
  words: readonly Word[],
  byId: ReadonlyMap<string, ReasonFact>,
): (ReasonFact | undefined)[] | undefined {
  const named = words.map(({ reasons }) => byId.get(reasons[0] ?? ""));
  if (words.some(({ reasons }) => new Set(reasons).size > 1)) return;
  let before = -1;
  for (const [i, reason] of named.entries()) {
    if (reason === undefined) continue;
    const isLabel = words[i]?.roles.has("reason");
    if (isLabel && named.slice(0, i).some((one, at) => one === reason && words[at]?.roles.has("reason"))) return;
    if (isLabel && !mayPrecede(words, i)) return;
    if (before >= 0) {
      const between = words.slice(before + 1, i);
      const joins = between.some(({ roles }) =>
        (
          ["joint", "comma", "order", ...(named[before] === reason ? (["open", "contract"] as const) : [])] as const
        ).some((role) => roles.has(role)),
      );
      // The words of a contract may directly follow its name.
      if (
        !joins &&
        !(
          named[before] === reason &&
          between.every(({ roles }) => roles.has("preposition") || roles.has("contract") || roles.has("is"))
        )
      )
        return;
    }
    before = i;
  }
  return named;
}

/** What may stand directly before the name of a feature. */
const BEFORE_LABEL: readonly Role[] = [
  ...([
    "determiner",
    "preposition",
    "agent",
    "adverb",
    "noun",
    "valueOf",
    "joint",
    "comma",
    "open",
    "up",
    "down",
  ] as const),
  ...([
    "upVerb",
    "downVerb",
    "push",
    "order",
    "aboveAdjective",
    "belowAdjective",
    "missing",
    "is",
    "top",
    "number",
  ] as const),
  ...(["upParticle", "downParticle", "contract", "category"] as const),
];

function mayPrecede(words: readonly Word[], at: number): boolean {
  const before = words[at - 1];
  return before === undefined || BEFORE_LABEL.some((role) => before.roles.has(role));
}

/** Nouns that would make another feature of a name before them: "late ratio score". */
const COMPOUND =
  /^(risk|score|rating|assessment|drivers?|factors?|reasons?|elements?|contributors?|words?|terms?|risiko|wert|treiber|faktor|grund|merkmal)(?= |$)/;
/** In the passive voice a direction is a participle; otherwise it would be in the future tense. */
const PARTICIPLE = /t$|getrieben$|gezogen$/;

/** Whether the words stand together as in a sentence that can be checked. */
function isWellFormed(words: readonly Word[], reasons: readonly ReasonFact[]): boolean {
  const namesText = reasons.some(({ quotes }) => quotes.length > 0);
  const isPassive = words.some(({ roles }) => roles.has("passive"));
  return words.every(({ roles, text, number }, i) => {
    const before = words[i - 1];
    if (number !== undefined && before?.roles.has("agent") && !before.roles.has("versus")) return false;
    if (before?.roles.has("reason") && COMPOUND.test(text)) return false;
    if (roles.has("contract") && roles.size === 1 && !namesText) return false;
    if (isPassive && (roles.has("upVerb") || roles.has("downVerb")) && !PARTICIPLE.test(text)) return false;
    return !roles.has("joint") || joins(words.slice(i + 1));
  });
}

const JOINED: readonly Role[] = [
  ...(["reason", "quote", "category", "number", "up", "down", "upVerb", "downVerb", "push", "typical"] as const),
  ...(["above", "below", "missing"] as const),
];

/** Whether something of a statement follows "and", before the next "and". */
function joins(after: readonly Word[]): boolean {
  const next = after.findIndex(({ roles }) => roles.has("joint"));
  return after.slice(0, next < 0 ? after.length : next).some(({ roles }) => JOINED.some((role) => roles.has(role)));
}

/** Whether the statement has exactly one direction, of all its reasons; or none, and states only values. */
function directionIsTrue(words: readonly Word[], reasons: readonly ReasonFact[]): boolean {
  const hasRisk = words.some(({ roles }) => roles.has("risk"));
  const directions: Direction[] = [];
  let pushes = 0;
  let particles = 0;
  for (const { roles } of words) {
    if (roles.has("push")) pushes++;
    if (roles.has("up")) directions.push("increases");
    else if (roles.has("down")) directions.push("lowers");
    else if (roles.has("upVerb") && hasRisk) directions.push("increases");
    else if (roles.has("downVerb") && hasRisk) directions.push("lowers");
    else if (roles.has("upVerb") || roles.has("downVerb")) return false;
    else if (roles.has("upParticle") && pushes > particles && hasRisk) {
      particles++;
      directions.push("increases");
    } else if (roles.has("downParticle") && pushes > particles && hasRisk) {
      particles++;
      directions.push("lowers");
    }
  }
  if (directions.length > 1) return false;
  const [direction] = directions;
  if (direction !== undefined) return reasons.every((reason) => reason.direction === direction);
  // A verb without its particle says nothing that can be checked.
  if (pushes > 0 || words.some(({ roles }) => roles.has("top") || roles.has("risk"))) return false;
  const states = words.some(({ roles }) => roles.has("is") || roles.has("above") || roles.has("below"));
  return reasons.length === 1 && states && words.some(({ number }) => number !== undefined);
}

/** Whether values are on the side of their typical values that the statement names. */
function comparisonsAreTrue(
  words: readonly Word[],
  named: readonly (ReasonFact | undefined)[],
  language: Language,
): boolean {
  const reasons = [...new Set(named.flatMap((reason) => reason ?? []))];
  return words.every(({ roles }, i) => {
    const isAdjective = roles.has("aboveAdjective") || roles.has("belowAdjective");
    if (!roles.has("above") && !roles.has("below") && !isAdjective) return true;
    if (isAdjective && ["up", "down", "upParticle", "downParticle"].some((role) => roles.has(role as Role)))
      return true;
    const reason = isAdjective && named[i + 1] ? named[i + 1] : reasons.length === 1 ? reasons[0] : undefined;
    if (reason === undefined) return false;
    const { value, typical } = reason;
    if (value === null || typical === null) return false;
    if (localNumber(value, language) === localNumber(typical, language)) return false;
    return value > typical === (roles.has("above") || roles.has("aboveAdjective"));
  });
}

/** Whether reasons that are called the strongest are, and whether reasons that follow others do. */
function strengthIsTrue(words: readonly Word[], reasons: readonly ReasonFact[]): boolean {
  const has = (role: Role): boolean => words.some(({ roles }) => roles.has(role));
  if (has("top") && !reasons.every(({ rank }) => rank <= reasons.length)) return false;
  if (!has("order")) return true;
  return reasons.length === 1
    ? (reasons[0]?.rank ?? 1) > 1
    : reasons.every(({ rank }, i) => i === 0 || rank === (reasons[i - 1]?.rank ?? 0) + 1);
}

const BESIDE: readonly Role[] = ["determiner", "preposition", "agent", "is", "adverb", "comma"];

/** Whether the one reason of a statement that says "not known" has no value. */
function missingIsTrue(words: readonly Word[], named: readonly (ReasonFact | undefined)[]): boolean {
  return words.every(({ roles }, i) => {
    if (!roles.has("missing")) return true;
    const reasons = named.filter((reason) => reason !== undefined);
    const [reason] = reasons;
    if (reasons.length !== 1 || reason === undefined) return false;
    if (reason.value !== null || reason.category !== "" || reason.quotes.length > 0) return false;
    const at = named.indexOf(reason);
    const between = at < i ? words.slice(at + 1, i) : words.slice(i + 1, at);
    return between.every((word) => ["missing", ...BESIDE].some((role) => word.roles.has(role as Role)));
  });
}
