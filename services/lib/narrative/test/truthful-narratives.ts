import type { Answer, AnswerSentence } from "../src/answer/read-answer.ts";
import type { Language } from "../src/facts/language.ts";
import type { NarrativeFacts, ReasonFact } from "../src/facts/narrative-facts.ts";
import type { Draw } from "./draw-facts.ts";

/*
 * Writes truthful narratives in varied words, as a careful language model would. It uses nothing of the checker:
 * neither its grammar nor its texts of numbers.
 */

/** Words of one language. Every function returns a sentence or a phrase that is true for what it gets. */
interface Wording {
  readonly number: (x: number, isGrouped: boolean) => string;
  readonly band: Readonly<Record<string, string>>;
  readonly scores: readonly ((supplier: string, score: string, percent: string, band: string) => readonly string[])[];
  /** Mentions of a feature with a number; `unit` has a space before it or is "". */
  readonly numbers: readonly ((label: string, value: string, typical: string, isAbove: boolean) => string)[];
  readonly numbersAlone: readonly ((label: string, value: string) => string)[];
  readonly categories: readonly ((label: string, category: string) => string)[];
  readonly texts: readonly ((quotes: readonly string[]) => string)[];
  readonly plain: readonly ((label: string) => string)[];
  readonly list: (parts: readonly string[], draw: Draw) => string;
  /** About all reasons of one direction, the strongest first. */
  readonly most: readonly ((list: string, isUp: boolean, isPlural: boolean) => string)[];
  /** About some reasons of one direction. */
  readonly any: readonly ((list: string, isUp: boolean, isPlural: boolean) => string)[];
  readonly followed: (first: string, rest: string, isUp: boolean) => string;
  readonly both: readonly ((up: string, down: string, isUpPlural: boolean, isDownPlural: boolean) => string)[];
  readonly compared: readonly ((label: string, value: string, typical: string, isAbove: boolean) => string)[];
  readonly missing: readonly ((list: string, isPlural: boolean) => string)[];
  readonly quote: (text: string) => string;
}

const upper = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
const s = (isPlural: boolean, one: string, many: string): string => (isPlural ? many : one);

const ENGLISH: Wording = {
  number: (x, isGrouped) =>
    new Intl.NumberFormat("en-US", {
      maximumSignificantDigits: Number.isInteger(x) ? 21 : 4,
      useGrouping: isGrouped,
    }).format(x),
  band: { low: "low", medium: "medium", high: "high" },
  scores: [
    (n, score, _, band) => [`${n} has a risk score of ${score}, which is ${band}.`],
    (n, score, _, band) => [`With a risk score of ${score}, ${n} falls into the ${band} band.`],
    (n, score, _, band) => [`The risk score of ${n} is ${score} (${band}).`],
    (n, score, _, band) => [`The model rates ${n} as ${band} risk, with a score of ${score}.`],
    (n, score, _, band) => [`${n} is classified as ${band} risk with a score of ${score}.`],
    (n, score, _, band) => [`The model assigns ${n} a risk score of ${score}, a ${band} risk.`],
    (n, score, _, band) => [`The risk of ${n} is ${band}: the score is ${score}.`],
    (n, _, percent, band) => [`${n} has an estimated risk of ${percent}, which is in the ${band} band.`],
    (n, score, _, band) => [`The risk score of ${n} is ${score}.`, `The risk is ${band}.`],
    (n, score, _, band) => [`${n} receives a risk score of ${score}, placing it in the ${band} risk band.`],
    (n, score, _, band) => [`At ${score}, ${n} is in the ${band} risk band.`],
    (_, score, __, band) => [`This supplier has a score of ${score} and is rated ${band}.`],
  ],
  numbers: [
    (label, value, typical) => `${label} (${value}, typical ${typical})`,
    (label, value, typical) => `the ${label} of ${value} (typical: ${typical})`,
    (label, value, typical) => `a ${label} of ${value}, compared with a typical ${typical}`,
    (label, value, typical) => `its ${label} (${value} against a typical value of ${typical})`,
    (label, value, typical, isAbove) =>
      `the ${label} of ${value}, ${isAbove ? "above" : "below"} the typical ${typical}`,
    (label, value) => `the ${label} of ${value}`,
    (label, value) => `${label} at ${value}`,
    (label, value) => `the supplier's ${label} (${value})`,
    (label) => `the ${label}`,
    (label, value, typical) => `${label} (${value} versus a typical ${typical})`,
    (label, value, typical) => `${label} (${value}; typical ${typical})`,
    (label, _, __, isAbove) => `a ${isAbove ? "high" : "low"} ${label}`,
  ],
  numbersAlone: [
    (label, value) => `${label} (${value})`,
    (label, value) => `a ${label} of ${value}`,
    (label) => `the ${label}`,
  ],
  categories: [
    (label, c) => `${label} (${c})`,
    (label, c) => `the ${label} ${c}`,
    (label, c) => `the ${label} of ${c}`,
    (label) => `the ${label}`,
  ],
  texts: [
    (q) => `contract text (words such as ${q.join(", ")})`,
    (q) => `the ${q.length > 1 ? "words" : "word"} ${joined(q, "and")} in the contract`,
    (q) => `contract wording such as ${joined(q, "and")} in the contract`,
    (q) => `the contract text with ${q.length > 1 ? "terms" : "a term"} like ${joined(q, "and")}`,
  ],
  plain: [(label) => label, (label) => `the ${label}`],
  list: (parts, draw) => joined(parts, draw.pick(["and", "and", "and", "as well as"])),
  most: [
    (list, isUp) => `The risk is ${isUp ? "increased" : "lowered"} most by ${list}.`,
    (list, isUp) => `The score is mainly ${isUp ? "driven up" : "reduced"} by ${list}.`,
    (list, isUp, p) =>
      `The main ${s(p, "driver", "drivers")} of the ${isUp ? "higher" : "lower"} risk ${s(p, "is", "are")} ${list}.`,
    (list, isUp, p) =>
      `${upper(list)} ${s(p, "is", "are")} the main ${s(p, "reason", "reasons")} for the ${isUp ? "higher" : "lower"} risk.`,
    (list, isUp, p) => `What ${isUp ? "raises" : "lowers"} the risk most ${s(p, "is", "are")} ${list}.`,
    (list, isUp) => `Its risk is primarily ${isUp ? "raised" : "reduced"} by ${list}.`,
    (list, isUp, p) =>
      `${upper(list)} ${isUp ? s(p, "increases", "increase") : s(p, "reduces", "reduce")} the risk the most.`,
  ],
  any: [
    (list, isUp, p) => `${upper(list)} ${isUp ? s(p, "raises", "raise") : s(p, "lowers", "lower")} the risk.`,
    (list, isUp, p) => `${upper(list)} ${s(p, "pushes", "push")} the score ${isUp ? "up" : "down"}.`,
    (list, isUp) => `The risk is ${isUp ? "increased" : "reduced"} by ${list}.`,
    (list, isUp, p) => `${upper(list)} ${s(p, "contributes", "contribute")} to a ${isUp ? "higher" : "lower"} risk.`,
    (list, isUp, p) =>
      `${upper(list)} also ${isUp ? s(p, "increases", "increase") : s(p, "decreases", "decrease")} the score.`,
    (list, isUp, p) =>
      `${isUp ? "In addition" : "On the other hand"}, ${list} ${isUp ? s(p, "increases", "increase") : s(p, "decreases", "decrease")} the score.`,
    (list, isUp, p) => `${upper(list)} ${s(p, "acts", "act")} to ${isUp ? "raise" : "lower"} the risk.`,
  ],
  followed: (first, rest, isUp) =>
    `The risk is ${isUp ? "increased" : "lowered"} most by ${first}, followed by ${rest}.`,
  both: [
    (up, down, p, q) =>
      `${upper(up)} ${s(p, "increases", "increase")} the risk, while ${down} ${s(q, "lowers", "lower")} it.`,
    (up, down, p, q) =>
      `${upper(up)} ${s(p, "pushes", "push")} the score up, but ${down} ${s(q, "brings", "bring")} it down.`,
    (up, down) => `The risk is raised by ${up}, whereas it is reduced by ${down}.`,
    (up, down, p, q) => `${upper(down)} ${s(q, "reduces", "reduce")} the score; ${up} ${s(p, "raises", "raise")} it.`,
  ],
  compared: [
    (label, value, typical, isAbove) =>
      `The ${label} is ${value}, which is ${isAbove ? "above" : "below"} the typical value of ${typical}.`,
    (label, value, typical) => `The ${label} is ${value}, compared with a typical ${typical}.`,
    (label, value, typical, isAbove) =>
      `At ${value}, the ${label} is ${isAbove ? "higher" : "lower"} than the typical ${typical}.`,
  ],
  missing: [
    (list) => `Not known: ${list}.`,
    (list, p) => `${upper(list)} ${s(p, "is", "are")} not known.`,
    (list) => `No data are available for ${list}.`,
    (list, p) => `The ${s(p, "value", "values")} of ${list} ${s(p, "is", "are")} missing.`,
  ],
  quote: (text) => `"${text}"`,
};

const GERMAN: Wording = {
  number: (x, isGrouped) =>
    new Intl.NumberFormat("de-DE", {
      maximumSignificantDigits: Number.isInteger(x) ? 21 : 4,
      useGrouping: isGrouped,
    }).format(x),
  band: { low: "niedrig", medium: "mittel", high: "hoch" },
  scores: [
    (n, score, _, band) => [`${n} hat einen Risikowert von ${score}, das ist ${band}.`],
    (n, score, _, band) => [`${n} hat einen Risikowert von ${score} (${band}).`],
    (n, score, _, band) => [`Der Risikowert von ${n} beträgt ${score} und ist damit ${band}.`],
    (n, score, _, band) => [`Das Risiko von ${n} ist ${band}: der Risikowert beträgt ${score}.`],
    (n, score, _, band) => [`Mit einem Risikowert von ${score} ist das Risiko von ${n} ${band}.`],
    (_, score, __, band) => [`Der Risikowert des Lieferanten liegt bei ${score}.`, `Das Risiko ist ${band}.`],
    (n, score, _, band) => [`Das Modell bewertet ${n} mit einem Risikowert von ${score} (${band}).`],
    (n, score, _, band) => [`${n} wird mit einem Risikowert von ${score} als ${band} eingestuft.`],
    (n, _, percent, band) => [`Das Risiko von ${n} beträgt ${percent} und ist damit ${band}.`],
    (_, score, __, band) => [`Der Lieferant erhält einen Risikowert von ${score}, also ${band}.`],
  ],
  numbers: [
    (label, value, typical) => `${label} (${value}, typisch ${typical})`,
    (label, value, typical) => `${label} von ${value} (typisch: ${typical})`,
    (label, value, typical) => `die ${label} (${value}; typisch sind ${typical})`,
    (label, value, typical) => `${label} mit ${value} gegenüber typischerweise ${typical}`,
    (label, value, typical, isAbove) =>
      `${label} mit ${value}, ${isAbove ? "über" : "unter"} dem typischen Wert von ${typical}`,
    (label, value) => `„${label}“ (${value})`,
    (label, value) => `${label} mit ${value}`,
    (label) => `das Merkmal ${label}`,
    (label) => label,
    (label, _, __, isAbove) => `der ${isAbove ? "hohe" : "niedrige"} Wert von ${label}`,
  ],
  numbersAlone: [(label, value) => `${label} (${value})`, (label, value) => `${label} von ${value}`, (label) => label],
  categories: [(label, c) => `${label} (${c})`, (label, c) => `die ${label} ${c}`, (label) => label],
  texts: [
    (q) => `contract text (Wörter wie ${q.join(", ")})`,
    (q) => (q.length > 1 ? `die Wörter ${joined(q, "und")} im Vertrag` : `das Wort ${q[0] ?? ""} im Vertrag`),
    (q) => `Begriffe wie ${joined(q, "und")} im Vertragstext`,
  ],
  plain: [(label) => label, (label) => `das Merkmal ${label}`],
  list: (parts, draw) => joined(parts, draw.pick(["und", "und", "und", "sowie"])),
  most: [
    (list, isUp) => `Das Risiko wird am stärksten durch ${list} ${isUp ? "erhöht" : "gesenkt"}.`,
    (list, isUp) => `Es wird vor allem ${isUp ? "erhöht" : "verringert"} durch ${list}.`,
    (list, isUp, p) =>
      `Der Hauptgrund für das ${isUp ? "höhere" : "niedrigere"} Risiko ${s(p, "ist", "sind")} ${list}.`,
    (list, isUp, p) => `Vor allem ${isUp ? s(p, "erhöht", "erhöhen") : s(p, "senkt", "senken")} ${list} das Risiko.`,
    (list, isUp, p) =>
      `Am stärksten ${isUp ? s(p, "erhöht", "erhöhen") : s(p, "mindert", "mindern")} ${list} das Risiko.`,
    (list, isUp, p) =>
      `${upper(list)} ${isUp ? s(p, "erhöht", "erhöhen") : s(p, "senkt", "senken")} das Risiko am stärksten.`,
  ],
  any: [
    (list, isUp, p) => `${upper(list)} ${isUp ? s(p, "erhöht", "erhöhen") : s(p, "senkt", "senken")} das Risiko.`,
    (list, isUp, p) => `${upper(list)} ${s(p, "wirkt", "wirken")} ${isUp ? "risikoerhöhend" : "risikosenkend"}.`,
    (list, isUp) => `Das Risiko wird durch ${list} ${isUp ? "gesteigert" : "gemindert"}.`,
    (list, isUp, p) =>
      `${upper(list)} ${s(p, "trägt", "tragen")} zu einem ${isUp ? "höheren" : "geringeren"} Risiko bei.`,
    (list, isUp, p) =>
      `${isUp ? "Außerdem" : "Dagegen"} ${isUp ? s(p, "erhöht", "erhöhen") : s(p, "senkt", "senken")} ${list} das Risiko.`,
    (list, isUp, p) => `${upper(list)} ${s(p, "treibt", "treiben")} den Risikowert nach ${isUp ? "oben" : "unten"}.`,
  ],
  followed: (first, rest, isUp) =>
    `Das Risiko wird am stärksten ${isUp ? "erhöht" : "gesenkt"} durch ${first}, gefolgt von ${rest}.`,
  both: [
    (up, down, p, q) =>
      `${upper(up)} ${s(p, "erhöht", "erhöhen")} das Risiko, während ${down} es ${s(q, "senkt", "senken")}.`,
    (up, down, p, q) => `${upper(up)} ${s(p, "erhöht", "erhöhen")} das Risiko, ${down} ${s(q, "senkt", "senken")} es.`,
    (up, down) => `Das Risiko wird durch ${up} erhöht und durch ${down} gesenkt.`,
    (up, down, p, q) => `${upper(down)} ${s(q, "senkt", "senken")} das Risiko; ${up} ${s(p, "erhöht", "erhöhen")} es.`,
  ],
  compared: [
    (label, value, typical, isAbove) =>
      `${upper(label)} liegt mit ${value} ${isAbove ? "über" : "unter"} dem typischen Wert von ${typical}.`,
    (label, value, typical) => `${upper(label)} beträgt ${value}, typisch sind ${typical}.`,
    (label, value, typical, isAbove) =>
      `Mit ${value} liegt ${label} ${isAbove ? "über" : "unter"} dem typischen Wert ${typical}.`,
  ],
  missing: [
    (list) => `Nicht bekannt: ${list}.`,
    (list, p) => `${upper(list)} ${s(p, "ist", "sind")} nicht bekannt.`,
    (list, p) => `Für ${list} ${s(p, "liegt kein Wert", "liegen keine Werte")} vor.`,
    (list, p) => `Es ${s(p, "fehlt", "fehlen")} ${list}.`,
  ],
  quote: (text) => `„${text}“`,
};

function joined(parts: readonly string[], and: string): string {
  return parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} ${and} ${parts.at(-1) ?? ""}`;
}

/** Writes a truthful answer about the facts. "SUPPLIER" is the name of the supplier. */
export function writeTruthful(facts: NarrativeFacts, language: Language, draw: Draw): Answer {
  const words = language === "de" ? GERMAN : ENGLISH;
  const isGrouped = draw.below(2) === 0;
  const shown = (x: number, unit: string): string => `${words.number(x, isGrouped)}${unit === "" ? "" : ` ${unit}`}`;
  const sentences: AnswerSentence[] = [];
  const add = (text: string, ids: readonly string[], reasons: readonly ReasonFact[] = []): void => {
    const quotes = reasons.flatMap((reason) => reason.quotes).filter((quote) => text.includes(words.quote(quote.text)));
    sentences.push({ text, facts: ids, quotes });
  };
  const mention = (reason: ReasonFact): string => {
    const { label, value, unit, typical, category, quotes } = reason;
    if (quotes.length > 0) return draw.pick(words.texts)(quotes.map((quote) => words.quote(quote.text)));
    if (category !== "") return draw.pick(words.categories)(label, category);
    if (value === null) return draw.pick(words.plain)(label);
    if (typical === null) return draw.pick(words.numbersAlone)(label, shown(value, unit));
    const usable = value === typical ? words.numbers.slice(0, 2) : words.numbers;
    return draw.pick(usable)(label, shown(value, unit), shown(typical, unit), value > typical);
  };

  const score = (facts.riskScore ?? 0).toFixed(2);
  const percent = `${Math.round(Number(score) * 100)}${draw.pick(["%", " %"])}`;
  const scoreText = language === "de" ? score.replace(".", ",") : score;
  const name = language === "de" ? "SUPPLIER" : draw.pick(["SUPPLIER", "SUPPLIER", "the supplier"]);
  for (const text of draw.pick(words.scores)(name, scoreText, percent, words.band[facts.band] ?? ""))
    add(upper(text), ["score"]);

  const ups = facts.reasons.filter(({ direction }) => direction === "increases");
  const downs = facts.reasons.filter(({ direction }) => direction === "lowers");
  const idsOf = (reasons: readonly ReasonFact[]): string[] => reasons.map(({ id }) => id);
  const list = (reasons: readonly ReasonFact[]): string => words.list(reasons.map(mention), draw);
  const isPlural = (reasons: readonly ReasonFact[]): boolean => reasons.length > 1;
  if (downs.length > 0 && draw.below(4) === 0) {
    const text = draw.pick(words.both)(list(ups), list(downs), isPlural(ups), isPlural(downs));
    add(text, [...idsOf(ups), ...idsOf(downs)], [...ups, ...downs]);
  } else {
    for (const [reasons, isUp] of [
      [ups, true],
      [downs, false],
    ] as const) {
      if (reasons.length === 0) continue;
      const way = draw.below(4);
      const first = reasons.slice(0, 1);
      if (way === 0 && reasons.length > 1) {
        add(words.followed(list(first), list(reasons.slice(1)), isUp), idsOf(reasons), reasons);
      } else if (way === 1 && reasons.length > 1) {
        add(draw.pick(words.most)(list(first), isUp, false), idsOf(first), first);
        const rest = reasons.slice(1);
        add(draw.pick(words.any)(list(rest), isUp, isPlural(rest)), idsOf(rest), rest);
      } else {
        add(draw.pick([...words.most, ...words.any])(list(reasons), isUp, isPlural(reasons)), idsOf(reasons), reasons);
      }
    }
  }
  const compared = facts.reasons.find(({ value, typical }) => value !== null && typical !== null && value !== typical);
  if (compared && draw.below(3) === 0) {
    const { label, value, typical, unit, id } = compared;
    const text = draw.pick(words.compared)(
      label,
      shown(value ?? 0, unit),
      shown(typical ?? 0, unit),
      (value ?? 0) > (typical ?? 0),
    );
    add(text, [id]);
  }
  if (facts.missing.length > 0 && draw.below(4) > 0)
    add(draw.pick(words.missing)(joined(facts.missing, language === "de" ? "und" : "and"), facts.missing.length > 1), [
      "missing",
    ]);
  return { language, sentences };
}
