import type { Language } from "../src/facts/language.ts";
import type { NarrativeFacts, ReasonFact } from "../src/facts/narrative-facts.ts";
import { FURTHER_ENGLISH, FURTHER_GERMAN } from "./further-lies.ts";

/*
 * Lies in free wording, one kind each: negation, double negation, comparatives, quantifiers, hedges, exchanged
 * features, causes, advice, time, other suppliers. Each writes one false or unwanted sentence about the facts, mostly
 * with words that truthful sentences have too.
 */

/** A false sentence, and the facts that it would declare. */
export interface FreeLie {
  readonly text: string;
  readonly facts: readonly string[];
}

/** One kind of lie. `write` returns undefined where the facts have nothing to lie about in this way. */
export interface LieKind {
  readonly language: Language;
  readonly write: (facts: NarrativeFacts) => FreeLie | undefined;
}

const isPlain = ({ quotes, category, value, typical }: ReasonFact): boolean =>
  quotes.length === 0 && category === "" && value !== null && typical !== null && value !== typical;
const ups = ({ reasons }: NarrativeFacts) => reasons.filter((one) => one.direction === "increases" && isPlain(one));
const downs = ({ reasons }: NarrativeFacts) => reasons.filter((one) => one.direction === "lowers" && isPlain(one));
const plain = ({ reasons }: NarrativeFacts) => reasons.filter(isPlain);

/** A sentence with {u} a feature that increases the risk, {U} at its beginning, {d} and {D} one that lowers it. */
export function kind(language: Language, text: string): LieKind {
  return {
    language,
    write(facts) {
      const [up, up2] = ups(facts);
      const [down, down2] = downs(facts);
      const any = plain(facts)[0];
      const [above] = plain(facts).filter(({ value, typical }) => (value ?? 0) > (typical ?? 0));
      const [below] = plain(facts).filter(({ value, typical }) => (value ?? 0) < (typical ?? 0));
      const [missing] = facts.missing;
      const used = new Map<string, ReasonFact | undefined>([
        ...([
          ["u", up],
          ["v", up2],
          ["d", down],
          ["e", down2],
          ["a", any],
          ["h", above],
          ["l", below],
          ["x", facts.reasons.find(({ rank, direction }) => rank === 1 && direction === "increases")],
        ] as const),
      ]);
      const ids = new Set<string>();
      let isPossible = true;
      const filled = text.replace(/\{(\w)(?:\.(\w))?\}/g, (_, name: string, part?: string) => {
        if (name === "s") return "{score}";
        if (name.toLowerCase() === "m") {
          isPossible &&= missing !== undefined;
          return "{missing}";
        }
        const reason = used.get(name.toLowerCase());
        if (reason === undefined) {
          isPossible = false;
          return "";
        }
        ids.add(reason.id);
        const kind = part === undefined ? "name" : { v: "value", t: "typical", c: "compared", e: "effect" }[part];
        return `{${kind}:${reason.id}}`;
      });
      return isPossible ? { text: filled, facts: ids.size === 0 ? ["score"] : [...ids] } : undefined;
    },
  };
}

const ENGLISH = [
  // Negation.
  "{U} does not raise the risk.",
  "{U} raises no risk.",
  "It is not {u} that raises the risk.",
  "Neither {u} nor {v} raises the risk.",
  "{U} never raises the score.",
  "The risk is not increased by {u}.",
  "{U} fails to raise the risk.",
  "Nothing raises the risk.",
  "Without {u} the risk is lower.",
  "{U} raises the risk without effect.",
  // Double negation and turned directions.
  "{D} does not fail to raise the risk.",
  "{U} reduces the lower risk.",
  "{D} lowers the reduced risk and raises the score.",
  "{U} lowers the increase in the risk.",
  "{D} raises the reduction in the risk.",
  "{U} counteracts the higher risk.",
  "{U} prevents a higher risk.",
  "{D} hinders a lower risk.",
  "{U} is a risk driver that lowers the risk.",
  "{U} lowers the risk.",
  "{D} raises the risk.",
  "{U} and {d} raise the risk.",
  "{D} and {u} lower the risk.",
  "{U} raises the risk, and so does {d}.",
  "{U} raises the risk, as {d} does.",
  "The risk is raised by {d}.",
  "The risk is lowered mainly by {u}.",
  "{U} pulls the score down.",
  "{D} pushes the risk upwards.",
  "{U} works in favour of the supplier.",
  "{D} works against the supplier.",
  "{D} is the leading risk driver.",
  "Mitigating factors: {u}, {v}.",
  "Risk drivers: {u} and {d}.",
  "{U} raises the risk, which lowers the risk.",
  "While {u} lowers the risk, {d} raises it.",
  "{U} lowers it, whereas {d} raises it.",
  // Comparatives.
  "{U} raises the risk more than {v}.",
  "{U} raises the risk less than {v}.",
  "{U} is higher than {v}.",
  "{H} is below the typical {h.t}.",
  "{L} is above the typical {l.t}.",
  "{L} exceeds the typical value of {l.t}.",
  "The low {h} raises the risk.",
  "The high {l} lowers the risk.",
  "{A} is twice the typical value.",
  "{A} is well above the typical {a.t}.",
  "{V} raises the risk the most.",
  "The strongest factor that lowers the risk is {e}.",
  "{V} is followed by {u}, which raises the risk.",
  "{A} is typical at {a.v}.",
  "{A} is {a.t}, typical {a.v}.",
  "{A} ({a.t}; typical value {a.v}) raises the risk.",
  "{U} ({v.v}) and {v} ({u.v}) raise the risk.",
  // Quantifiers.
  "All factors raise the risk.",
  "Only {u} raises the risk.",
  "Most factors raise the risk.",
  "Some factors, such as {u}, lower the risk.",
  "Three factors raise the risk: {u}.",
  "Half of the risk comes from {u}.",
  "{U} raises the risk by {u.v}.",
  "{U} raises the risk by 20 %.",
  "No factor lowers the risk.",
  "Every feature except {u} raises the risk.",
  // Hedges and opinions.
  "{U} may raise the risk.",
  "{U} might raise the risk.",
  "{U} probably raises the risk.",
  "{U} seems to raise the risk.",
  "Perhaps {u} raises the risk.",
  "{U} slightly raises the risk.",
  "{U} raises the risk almost.",
  "If {u} raises the risk, the score is higher.",
  "It is unknown that {u} raises the risk.",
  "It is not known whether {u} raises the risk.",
  "{U} raises the risk too much.",
  // Features that affect other things.
  "{U} raises the {v}.",
  "{U} increases the late payments.",
  "{U} raises the risk of {v}.",
  "{U} of {v} raises the risk.",
  "{U} and the model raise the risk.",
  "{U}, {v} and the contract raise the risk.",
  "The supplier raises the risk.",
  "The contract raises the risk.",
  "{U} score raises the risk.",
  "High {u} score adds to the risk.",
  // Causes, advice, time, links.
  "{U} raises the risk because of a strike.",
  "{U} raised the risk last week.",
  "{U} will raise the risk.",
  "{U} raises the risk again and again.",
  "Due to {u}, the supplier should be replaced.",
  "Note that {u} can be ignored.",
  "{U} raises the risk, see example.com.",
  // The score and what is missing.
  "The risk is {s} %.",
  "{supplier} is not at {s}, a low risk.",
  "The score is above {s}.",
  "The score is at most {s}.",
  "{supplier} is rated lower than {s}.",
  "Missing: {a}.",
  "{A} is missing, which raises the risk.",
  "{A} has no value.",
  "{M} raises the risk.",
  "The missing {m} lowers the risk.",
  "{M} is available.",
  "The low score of {s} is high.",
  // The right placeholder at a wrong place, or with words that turn it round.
  "{U} {d.e}.",
  "{D} {u.e}.",
  "{U} does not {u.e}.",
  "{U} no longer {u.e}.",
  "{U} {u.e}, and {d} does so too.",
  "{supplier} has a risk score of {u.v}.",
  "The risk score of {supplier} is {u.t}.",
  "{U} is {s}.",
  "{U} is at {s}, which is {band}.",
  "{U} is {band}.",
  "{U} raises the score to {s}.",
  "The score rose to {s}.",
  "The score goes up to {s}.",
  "The score is above {s}.",
  "The score is {s}, up from {u.v}.",
  "{U} of {v.v} raises the risk.",
  "{U} and {v} of {u.v} raise the risk.",
  "{U} ({v.v}) raises the risk.",
  "{U} is {u.t}, typically {u.v}.",
  "{U} is usually {u.v}.",
  "{U} of {u.t} raises the risk.",
  "{U}, typically {u.v}, is {u.t}.",
  "{U} is {u.v}, {v.c}.",
  "{H} at {h.v} is below the typical {h.t}.",
  "{L} at {l.v} is higher than the typical {l.t}.",
  "{L} is {l.c} and exceeds the typical value.",
  "A high {l} raises the risk.",
  "A low {h} raises the risk.",
  "{U} is not {u.c}.",
  "{V} is the main driver, followed by {u}.",
  "{V} ranks first and {u} second.",
  "{U} and {v} raise the risk, with {v} carrying the most weight.",
  "{V} {v.e} most.",
  "{E} lowers the risk most.",
  "Next comes {x}.",
  "{D} is the main driver of the risk.",
  "The main risk driver is {d}.",
  "{D} is a concern.",
  "{U} is a mitigating factor.",
  "{U} speaks for the supplier.",
  "Relief comes from {u}.",
  "On the positive side, {u} stands at {u.v}.",
  // Relations between features.
  "{U} raises {v}, which raises the risk.",
  "{U} leads to {v}.",
  "Because {u} is {u.c}, {v} raises the risk.",
  "{U} is {u.c}, therefore {v} raises the risk.",
  "{V} raises the risk because of {u}.",
  "{U} is driven by {v}.",
  "{U} raises the risk through {v}.",
  "{U} outweighs {v}.",
  "{U} raises the risk more than {d} lowers it.",
  "{U} and {d} cancel each other out.",
  "{U} depends on {v}, and raises the risk.",
  "{U} raises the risk, as {v} is {v.c}.",
  // Invented consequences and judgements.
  "{U} raises the risk of default.",
  "{U} raises the risk of late deliveries.",
  "{U} raises the risk, so deliveries will fail.",
  "{U} raises the risk, so orders are in danger.",
  "{U} raises the risk and the costs.",
  "{supplier} is unreliable.",
  "{supplier} is a bad supplier, with a score of {s}.",
  "{supplier} has a score of {s} and cannot be trusted.",
  "{supplier} has a score of {s}, better than most suppliers.",
  "{supplier} has a score of {s}, worse than before.",
  "{supplier} is {band}, and this means that the contract ends.",
  "With {s}, {supplier} is close to {band}.",
  "{supplier} is almost {band}.",
  "{supplier} is not {band}.",
  "{supplier} is better than {band}.",
  "{M} are available.",
  "{M} raise the score.",
  "All data except {m} are missing.",
  "{U} lacks a value and raises the risk.",
  "The unknown {u} raises the risk.",
  "Everything raises the risk.",
  "Everything raises the risk, {u} first.",
  "Both {u} and {v} and {d} raise the risk.",
  "{U}{v} raises the risk.",
  "{U}-related payments raise the risk.",
  "{U} costs raise the risk.",
  "{D} reduces the reduction in the risk.",
  "{D} weakens the lower risk.",
  "{name:r99} raises the risk.",
  "{secret:r1} raises the risk.",
  "{effect} by {u}.",
].map((text) => kind("en", text));

const GERMAN = [
  "{U} erhöht das Risiko nicht.",
  "{U} senkt das Risiko.",
  "{D} erhöht das Risiko.",
  "Nicht {u} erhöht das Risiko.",
  "Weder {u} noch {v} erhöht das Risiko.",
  "Kein Merkmal außer {u} erhöht das Risiko.",
  "{U} erhöht das Risiko keineswegs.",
  "{U} verringert das höhere Risiko.",
  "{D} erhöht das niedrigere Risiko.",
  "{U} verhindert ein höheres Risiko.",
  "{U} wirkt der Erhöhung des Risikos entgegen.",
  "{D} treibt das Risiko nach oben.",
  "{U} drückt das Risiko nach unten.",
  "{U} und {d} erhöhen das Risiko.",
  "Durch {d} steigt das Risiko.",
  "Das Risiko sinkt durch {u}.",
  "{U} erhöht das Risiko, {d} ebenfalls.",
  "{U} erhöht {v}.",
  "Das Risiko erhöht {u} und senkt {v}.",
  "{U} erhöht das Risiko von {v}.",
  "Die stärkste Erhöhung geht von {v} aus.",
  "Am stärksten erhöht {v} das Risiko.",
  "{U} erhöht das Risiko stärker als {v}.",
  "{H} liegt mit {h.v} unter dem typischen Wert von {h.t}.",
  "{L} übersteigt mit {l.v} den typischen Wert von {l.t}.",
  "Der niedrige Wert von {h} erhöht das Risiko.",
  "{A} liegt bei {a.t}, typisch sind {a.v}.",
  "{U} erhöht das Risiko vermutlich.",
  "{U} könnte das Risiko erhöhen.",
  "{U} erhöht das Risiko leicht.",
  "{U} erhöht das Risiko um {u.v}.",
  "Alle Merkmale erhöhen das Risiko.",
  "Nur {u} erhöht das Risiko.",
  "Die meisten Merkmale erhöhen das Risiko.",
  "Dass {u} das Risiko erhöht, ist unbekannt.",
  "{U} erhöhte das Risiko im letzten Jahr.",
  "{U} wird das Risiko erhöhen.",
  "Wegen {u} sollte der Lieferant ersetzt werden.",
  "Der Lieferant erhöht das Risiko.",
  "Der Vertrag senkt das Risiko.",
  "Entlastend wirken {u} und {v}.",
  "Gegen den Lieferanten spricht {d}.",
  "Für den Lieferanten spricht {u}.",
  "Es fehlen Angaben zu {a}.",
  "{A} fehlt, was das Risiko erhöht.",
  "Der fehlende Wert bei {m} senkt das Risiko.",
  "Das Risiko beträgt {s} %.",
  "Der Risikowert liegt über {s}.",
  "{U} mindert die Erhöhung des Risikos.",
  "Negativ und positiv wirkt {u}.",
  "{U} {d.e}.",
  "{D} {u.e}.",
  "{U} {u.e} nicht.",
  "{supplier} hat einen Risikowert von {u.v}.",
  "Der Risikowert beträgt {u.t}.",
  "{U} beträgt {s}.",
  "{U} ist {band}.",
  "Der Wert stieg auf {s}.",
  "Der Wert steigt auf {s}.",
  "Der Wert liegt unter {s}.",
  "{U} von {v.v} erhöht das Risiko.",
  "{U} liegt bei {u.t}, typisch sind {u.v}.",
  "{U} beträgt üblicherweise {u.v}.",
  "{U} von {u.t} erhöht das Risiko.",
  "{U} beträgt {u.v} und liegt {v.c}.",
  "{V} ist der wichtigste Treiber, gefolgt von {u}.",
  "{V} {v.e} am meisten.",
  "Danach folgt {x}.",
  "Haupttreiber ist {d}.",
  "{U} spricht für den Lieferanten.",
  "{U} entlastet den Wert.",
  "Entlastung kommt von {u}.",
  "{U} führt zu {v}.",
  "Weil {u} {u.c} liegt, erhöht {v} das Risiko.",
  "{V} erhöht das Risiko wegen {u}.",
  "{U} überwiegt {v}.",
  "{U} erhöht das Risiko eines Ausfalls.",
  "{U} erhöht das Risiko, daher drohen Verspätungen.",
  "{supplier} ist unzuverlässig.",
  "{supplier} ist mit {s} beinahe {band}.",
  "{supplier} ist mit {s} nicht {band}.",
  "{supplier} ist mit {s} besser als {band}.",
  "{M} sind bekannt.",
  "{M} erhöhen das Risiko.",
  "Das unbekannte {u} erhöht das Risiko.",
  "Alles erhöht das Risiko, {u} zuerst.",
  "{U}-Kosten erhöhen das Risiko.",
  "{U} senkt die Senkung des Risikos.",
  "{D} senkt die Senkung des Risikos.",
  "{D} verringert die Entlastung.",
].map((text) => kind("de", text));

/** The kinds of lies. */
export const FREE_LIES: readonly LieKind[] = [
  ...ENGLISH,
  ...GERMAN,
  ...FURTHER_ENGLISH.map((text) => kind("en", text)),
  ...FURTHER_GERMAN.map((text) => kind("de", text)),
];
