import type { Language } from "../src/facts/language.ts";
import type { NarrativeFacts, ReasonFact } from "../src/facts/narrative-facts.ts";

/*
 * Lies in free wording, one kind each: negation, double negation, comparatives, quantifiers, hedges, exchanged
 * features, causes, advice, time, other suppliers. Each writes one false or unwanted sentence about the facts, mostly
 * with words that truthful sentences have too.
 */

/** A false sentence, and the facts that it would declare. */
export interface FreeLie {
  readonly text: string;
  readonly facts: readonly string[];
  readonly quotes?: readonly { readonly text: string; readonly start: number; readonly end: number }[];
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
const cap = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** A sentence with {u} a feature that increases the risk, {U} at its beginning, {d} and {D} one that lowers it. */
function kind(language: Language, text: string): LieKind {
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
        ] as const),
      ]);
      const ids = new Set<string>();
      let isPossible = true;
      const number = (x: number | null): string => {
        const shown = String(Number((x ?? 0).toPrecision(4)));
        return language === "de" ? shown.replace(".", ",") : shown;
      };
      const filled = text.replace(/\{(\w)(?:\.(\w))?\}/g, (_, name: string, part?: string) => {
        if (name === "s") return number(Number((facts.riskScore ?? 0).toFixed(2)));
        if (name.toLowerCase() === "m") {
          isPossible &&= missing !== undefined;
          return name === "M" ? cap(missing ?? "") : (missing ?? "");
        }
        const reason = used.get(name.toLowerCase());
        if (reason === undefined) {
          isPossible = false;
          return "";
        }
        ids.add(reason.id);
        if (part === "v") return number(reason.value);
        if (part === "t") return number(reason.typical);
        return name === name.toUpperCase() ? cap(reason.label) : reason.label;
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
  "SUPPLIER is not at {s}, a low risk.",
  "The score is above {s}.",
  "The score is at most {s}.",
  "SUPPLIER is rated lower than {s}.",
  "Missing: {a}.",
  "{A} is missing, which raises the risk.",
  "{A} has no value.",
  "{M} raises the risk.",
  "The missing {m} lowers the risk.",
  "{M} is available.",
  "The low score of {s} is high.",
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
].map((text) => kind("de", text));

/** The kinds of lies. */
export const FREE_LIES: readonly LieKind[] = [...ENGLISH, ...GERMAN];
