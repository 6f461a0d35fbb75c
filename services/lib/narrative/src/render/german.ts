import { listed } from "@bellwether/reasons/reason-text";
import { quotedText } from "../facts/data-text.ts";
import { dativeQuantity } from "../facts/quantity-text.ts";
import { PHRASES } from "../template/phrases.ts";
import type { FeatureDetails, Influence, Relation, Wordings } from "./wordings.ts";

const { compared: COMPARED, and: AND } = PHRASES.de;

/** How words of the contract are called, behind "durch" and behind "von". */
const WORDS = { accusative: ["ein Wort", "Wörter"], dative: ["einem Wort", "Wörtern"] } as const;
type Case = keyof typeof WORDS;
const ABSENT_WORDS: Readonly<Record<Case, string>> = {
  accusative: "im Vertrag fehlende Wörter",
  dative: "im Vertrag fehlenden Wörtern",
};

const quoted = (quotes: readonly string[]): readonly string[] => quotes.map((text) => quotedText(text, "de"));

/** Returns quotes as a part of a list, marked as words of the contract. */
const quotedWords = (quotes: readonly string[], as: Case): string =>
  `${WORDS[as][quotes.length === 1 ? 0 : 1]} des Vertrags (${quoted(quotes).join(", ")})`;

/** Returns a feature with what is claimed of it in brackets. */
function inBrackets(details: FeatureDetails, as: Case): string {
  const { reason, quotes } = details;
  if (quotes.length > 0) return quotedWords(quotes, as);
  if (reason.quotes.length > 0) return `${WORDS[as][1]} des Vertrags`;
  if (reason.isNotSent) return `${reason.label} (${PHRASES.de.notSent})`;
  if (reason.isAbsence) return ABSENT_WORDS[as];
  const text = detailsText(details);
  return text === "" ? reason.label : `${reason.label} (${text})`;
}

const list = (features: readonly FeatureDetails[], as: Case): string =>
  listed(
    features.map((one) => inBrackets(one, as)),
    AND,
  );

function detailsText({ reason, value, typical, compared, isMissing }: FeatureDetails): string {
  if (isMissing) return typical === undefined ? "Wert nicht bekannt" : `Wert nicht bekannt; typisch: ${typical}`;
  const isCategory = reason.category !== "";
  const side =
    compared === undefined || typical === undefined
      ? undefined
      : isCategory
        ? "wie meistens"
        : COMPARED[compared](typical);
  if (side !== undefined) return value === undefined ? side : `${value}, ${side}`;
  const usual =
    typical === undefined ? undefined : `${isCategory && value !== undefined ? "meist" : "typisch:"} ${typical}`;
  return [value, usual].filter((part) => part !== undefined).join("; ");
}

/** Returns a single feature at the end of a clause. */
function atEnd(details: FeatureDetails, variant: number): string {
  const { reason, value, typical, compared, isMissing, quotes } = details;
  const isPlain = quotes.length === 0 && !isMissing && reason.category === "" && value !== undefined;
  if (variant % 2 === 0 || !isPlain || typical === undefined) return inBrackets(details, "accusative");
  if (compared === undefined)
    return `${reason.label}, mit ${dativeQuantity(value)} gegenüber einem typischen Wert von ${dativeQuantity(typical)}`;
  return `${reason.label}, mit ${dativeQuantity(value)} ${COMPARED[compared](typical)}`;
}

/** The clauses before the features. BUT is the place of "dagegen", MOST that of "vor allem". */
const CLAUSES = {
  increases: {
    plain: [
      "Erhöht wird das Risiko BUT durch",
      "Das Risiko steigt BUT durch",
      "Der Risikowert wird BUT angehoben durch",
    ],
    most: [
      "Am stärksten erhöht wird das Risiko BUT durch",
      "Das Risiko steigt BUT vor allem durch",
      "Der Risikowert wird BUT vor allem angehoben durch",
    ],
    also: [
      "Erhöht wird das Risiko auch durch",
      "Das Risiko steigt außerdem durch",
      "Der Risikowert wird außerdem angehoben durch",
    ],
  },
  lowers: {
    plain: ["Gesenkt wird das Risiko BUT durch", "Das Risiko sinkt BUT durch", "Der Risikowert wird BUT gesenkt durch"],
    most: [
      "Am stärksten gesenkt wird das Risiko BUT durch",
      "Das Risiko sinkt BUT vor allem durch",
      "Der Risikowert wird BUT vor allem gesenkt durch",
    ],
    also: [
      "Gesenkt wird das Risiko auch durch",
      "Das Risiko sinkt außerdem durch",
      "Der Risikowert wird außerdem gesenkt durch",
    ],
  },
} as const;

/** The clauses of a regressor, whose number is no risk and has no risk score. */
const NUMBER_CLAUSES = {
  increases: {
    plain: ["Erhöht wird die Zahl BUT durch", "Die Zahl steigt BUT durch", "Angehoben wird die Zahl BUT durch"],
    most: [
      "Am stärksten erhöht wird die Zahl BUT durch",
      "Die Zahl steigt BUT vor allem durch",
      "Am stärksten angehoben wird die Zahl BUT durch",
    ],
    also: ["Erhöht wird die Zahl auch durch", "Die Zahl steigt außerdem durch", "Angehoben wird die Zahl auch durch"],
  },
  lowers: {
    plain: ["Gesenkt wird die Zahl BUT durch", "Die Zahl sinkt BUT durch", "Verringert wird die Zahl BUT durch"],
    most: [
      "Am stärksten gesenkt wird die Zahl BUT durch",
      "Die Zahl sinkt BUT vor allem durch",
      "Am stärksten verringert wird die Zahl BUT durch",
    ],
    also: ["Gesenkt wird die Zahl auch durch", "Die Zahl sinkt außerdem durch", "Verringert wird die Zahl auch durch"],
  },
} as const;
type Clauses = typeof CLAUSES | typeof NUMBER_CLAUSES;

function influenceOf(
  clauses: Clauses,
  { direction, isStrongest, first, followers, others }: Influence,
  relation: Relation,
  variant: number,
) {
  const kind = isStrongest ? "most" : relation === "also" ? "also" : "plain";
  const clause = (clauses[direction][kind][variant % 3] ?? "").replace(
    " BUT",
    relation === "contrast" ? " dagegen" : "",
  );
  const [only] = first;
  const isAlone = first.length + followers.length + others.length === 1;
  const named = isAlone && only ? atEnd(only, variant) : list(first, "accusative");
  return `${clause} ${named}${rest(followers, others)}`;
}

function rest(followers: readonly FeatureDetails[], others: readonly FeatureDetails[]): string {
  return [
    ...(followers.length > 0 ? [`, gefolgt von ${list(followers, "dative")}`] : []),
    ...(others.length > 0 ? [`, außerdem durch ${list(others, "accusative")}`] : []),
  ].join("");
}

function bothOf(
  clauses: Clauses,
  one: Influence,
  { direction, isStrongest, first, followers, others }: Influence,
): string {
  const verb = direction === "increases" ? "steigt" : "sinkt";
  const named = `${list(first, "accusative")}${rest(followers, others)}`;
  return `${influenceOf(clauses, one, "first", 1)}, ${verb} aber ${isStrongest ? "vor allem " : ""}durch ${named}`;
}

/** German sentences. Features are never the subject of a verb, because their names can be singular or plural. */
export const GERMAN: Wordings = {
  and: AND,
  score: (id, score, variant) =>
    variant % 2 === 0 ? `${id} hat einen Risikowert von ${score}` : `Der Risikowert von ${id} beträgt ${score}`,
  scoreAndBand: (id, score, band, variant) =>
    [
      `${id} hat einen Risikowert von ${score}, das ist ${band}`,
      `Der Risikowert von ${id} beträgt ${score} (${band})`,
      `Mit einem Risikowert von ${score} liegt ${id} in der Stufe ${band}`,
    ][variant % 3] ?? "",
  band: (id, band) => `Das Risiko von ${id} ist ${band}`,
  influence: (...of) => influenceOf(CLAUSES, ...of),
  both: (one, other) => bothOf(CLAUSES, one, other),
  feature: (details) => {
    const { reason, value, typical, compared, isMissing, quotes } = details;
    const { label, category } = reason;
    if (quotes.length > 0)
      return `Im Vertrag ${quotes.length === 1 ? "steht das Wort" : "stehen die Wörter"} ${listed(quoted(quotes), AND)}`;
    if (reason.isNotSent) return "Es wurde kein Vertrag gesendet";
    if (isMissing) return `Für ${label} gibt es keinen Wert`;
    if (category !== "" && (value !== undefined || compared !== undefined))
      return `Die Kategorie von ${label} ist ${detailsText(details)}`;
    if (value === undefined && compared === undefined) return `Der typische Wert von ${label} beträgt ${typical ?? ""}`;
    const side = compared && typical !== undefined ? COMPARED[compared](typical) : undefined;
    if (value === undefined) return `Der Wert von ${label} liegt ${side}`;
    if (side !== undefined) return `Der Wert von ${label} beträgt ${value} und liegt ${side}`;
    return `Der Wert von ${label} beträgt ${value}${typical === undefined ? "" : `, der typische ${typical}`}`;
  },
  order: (labels) =>
    labels.length === 2
      ? `Der Beitrag von ${labels[0]} ist größer als der von ${labels[1]}`
      : `Nach der Größe ihrer Beiträge ist die Reihenfolge ${labels.join(", ")}`,
  strongestOfAll: (labels) =>
    labels.length === 1
      ? `Von allen Beiträgen ist der von ${labels[0]} der größte`
      : `Von allen Beiträgen sind die von ${listed(labels, AND)} die größten`,
  missing: (features) => `Nicht bekannt ${features.length === 1 ? "ist" : "sind"} ${listed(features, AND)}`,
  nothing: (direction) => `Keiner der größeren Beiträge ${direction === "increases" ? "erhöht" : "senkt"} das Risiko`,
  joined: (sentences) =>
    sentences.map((text, i) => (i === 0 ? text : text.charAt(0).toLowerCase() + text.slice(1))).join("; "),
};

/** The sentences about the number of a regressor. */
export const GERMAN_OF_NUMBERS: Wordings = {
  ...GERMAN,
  influence: (...of) => influenceOf(NUMBER_CLAUSES, ...of),
  both: (one, other) => bothOf(NUMBER_CLAUSES, one, other),
  nothing: (direction) => `Keiner der größeren Beiträge ${direction === "increases" ? "erhöht" : "senkt"} die Zahl`,
};
