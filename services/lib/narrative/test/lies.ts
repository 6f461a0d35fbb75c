import type { Answer, AnswerSentence } from "../src/answer/read-answer.ts";
import type { Language } from "../src/facts/language.ts";
import type { NarrativeFacts } from "../src/facts/narrative-facts.ts";
import type { Draw } from "./draw-facts.ts";
import { writeTruthful } from "./truthful-narratives.ts";

/*
 * Makes false or unwanted answers from truthful ones. Each way of lying changes exactly one thing. It returns
 * undefined where the answer has nothing that it can change, or where the changed answer could still be true.
 */

/** One way of lying: returns the text of the answer. */
type Lie = (answer: Answer, facts: NarrativeFacts, language: Language, draw: Draw) => string | undefined;

const content = (answer: unknown): string => JSON.stringify(answer);

/** Changes the text of one sentence that `change` can change. */
function changed(
  answer: Answer,
  draw: Draw,
  change: (text: string, sentence: AnswerSentence) => string | undefined,
): string | undefined {
  const order = draw.some([...answer.sentences.keys()], answer.sentences.length);
  for (const i of order) {
    const sentence = answer.sentences[i];
    const text = sentence && change(sentence.text, sentence);
    if (sentence === undefined || text === undefined || text === sentence.text) continue;
    return content({ ...answer, sentences: answer.sentences.with(i, { ...sentence, text }) });
  }
}

/** Adds a sentence, or replaces the last one's end. */
const added = (answer: Answer, text: string, facts: readonly string[] = []): string =>
  content({ ...answer, sentences: [...answer.sentences, { text, facts, quotes: [] }] });

const NUMBER = /-?\d+(?:[.,]\d+)*/g;
const inLanguage = <T>(language: Language, en: T, de: T): T => (language === "de" ? de : en);

/** Words whose replacement turns the statement round. */
const OPPOSITES: Readonly<Record<Language, readonly (readonly [RegExp, string])[]>> = {
  en: [
    [/\bincreased\b/, "lowered"],
    [/\blowered\b/, "increased"],
    [/\braises?\b/, "lowers"],
    [/\blowers?\b/, "raises"],
    [/\bincreases?\b/, "decreases"],
    [/\b(reduces?|decreases?)\b/, "increases"],
    [/\braised\b/, "reduced"],
    [/\breduced\b/, "raised"],
    [/\bup\b/, "down"],
    [/\bdriven up\b/, "brought down"],
    [/\bhigher risk\b/, "lower risk"],
    [/\blower risk\b/, "higher risk"],
    [/\babove\b/, "below"],
    [/\bbelow\b/, "above"],
  ],
  de: [
    [/\b(erhöht|gesteigert)\b/, "gesenkt"],
    [/\b(gesenkt|gemindert|verringert)\b/, "erhöht"],
    [/\berhöhen\b/, "senken"],
    [/\b(senken|mindern)\b/, "erhöhen"],
    [/\b(senkt|mindert)\b/, "erhöht"],
    [/risikoerhöhend/, "risikosenkend"],
    [/risikosenkend/, "risikoerhöhend"],
    [/\bhöhere(n?)\b/, "niedrigere$1"],
    [/\b(niedrigere|geringere)(n?)\b/, "höhere$2"],
    [/\büber\b/, "unter"],
    [/\bunter\b/, "über"],
    [/\boben\b/, "unten"],
  ],
};

const BANDS: Readonly<Record<Language, readonly string[]>> = {
  en: ["low", "medium", "high"],
  de: ["niedrig", "mittel", "hoch"],
};

/** The ways of lying by name. */
export const LIES: Readonly<Record<string, Lie>> = {
  "wrong number": (answer, _, __, draw) =>
    changed(answer, draw, (text) => {
      const all = [...text.matchAll(NUMBER)].filter(({ 0: n }) => !["30", "90"].includes(n));
      if (all.length === 0) return;
      const { 0: old, index } = draw.pick(all);
      const digit = old.search(/[0-9](?!.*[0-9])/);
      const other = String((Number(old[digit]) + 1 + draw.below(8)) % 10);
      return text.slice(0, index) + old.slice(0, digit) + other + old.slice(digit + 1) + text.slice(index + old.length);
    }),
  "other rounding": (answer, facts, language, draw) =>
    changed(answer, draw, (text) => {
      const exact = (facts.riskScore ?? 0).toFixed(2);
      const other = draw.pick([(facts.riskScore ?? 0).toFixed(1), (facts.riskScore ?? 0).toFixed(3)]);
      const local = (x: string): string => inLanguage(language, x, x.replace(".", ","));
      return text.includes(local(exact)) ? text.replace(local(exact), local(other)) : undefined;
    }),
  "number without its decimals": (answer, _, language, draw) =>
    changed(answer, draw, (text) => {
      const decimals = inLanguage(language, /(\d)\.\d{1,2}(?!\d)/, /(\d),\d{1,2}(?!\d)/);
      return text.replace(decimals, "$1");
    }),
  "number in the form of the other language": (answer, _, language, draw) =>
    changed(answer, draw, (text) =>
      inLanguage(language, text.replace(/(\d)\.(\d)/, "$1,$2"), text.replace(/(\d),(\d)/, "$1.$2")),
    ),
  "exponent or factor": (answer, _, __, draw) =>
    changed(answer, draw, (text) =>
      text.replace(/\d(?=[ ,.);])/, (digit) => `${digit}${draw.pick(["e2", "k", "00", "%%", " million"])}`),
    ),
  "percent instead of a share": (answer, _, __, draw) =>
    changed(answer, draw, (text) => text.replace(/ (share|index|points)\b/, " %")),
  "points instead of percent": (answer, _, language, draw) =>
    changed(answer, draw, (text) => text.replace(/ ?%/, inLanguage(language, " percentage points", " Prozentpunkte"))),
  "other unit": (answer, _, __, draw) =>
    changed(answer, draw, (text) =>
      text.replace(/(\d) (usd|days|years|disputes)\b/, `$1 ${draw.pick(["eur", "weeks", "months", "cases"])}`),
    ),
  "value and typical value exchanged": (answer, facts, language, draw) =>
    changed(answer, draw, (text, { facts: ids }) => {
      const reason = facts.reasons.find((one) => ids.includes(one.id) && one.value !== null && one.typical !== null);
      if (!reason || !/typi/.test(text)) return;
      const numbers = [...text.matchAll(NUMBER)].map(([n]) => n);
      const shown = (x: number): string[] => {
        const format = (isGrouped: boolean): string =>
          new Intl.NumberFormat(inLanguage(language, "en-US", "de-DE"), {
            maximumSignificantDigits: Number.isInteger(x) ? 21 : 4,
            useGrouping: isGrouped,
          }).format(x);
        return [format(false), format(true)];
      };
      const value = shown(reason.value ?? 0).find((n) => numbers.includes(n));
      const typical = shown(reason.typical ?? 0).find((n) => numbers.includes(n));
      if (value === undefined || typical === undefined || value === typical) return;
      if (numbers.filter((n) => n === value || n === typical).length !== 2) return;
      return text.replace(NUMBER, (n) => (n === value ? typical : n === typical ? value : n));
    }),
  "feature of the other direction": (answer, facts, _, draw) =>
    changed(answer, draw, (text, { facts: ids }) => {
      const own = facts.reasons.filter(({ id }) => ids.includes(id));
      if (new Set(own.map(({ direction }) => direction)).size !== 1) return;
      const other = facts.reasons.find(({ direction }) => direction !== own[0]?.direction);
      const label = own.find((one) => text.toLowerCase().includes(one.label))?.label;
      if (!other || label === undefined || /typi|%|\d/.test(text)) return;
      return text.replace(new RegExp(label, "i"), other.label);
    }),
  "invented feature": (answer, facts, _, draw) =>
    changed(answer, draw, (text) => {
      const reason = facts.reasons.find(({ label }) => text.toLowerCase().includes(label));
      return (
        reason &&
        text.replace(
          new RegExp(reason.label, "i"),
          draw.pick(["employee turnover", "carbon footprint", "audit findings", "late ratios total"]),
        )
      );
    }),
  "values of two features exchanged": (answer, facts, _, draw) =>
    changed(answer, draw, (text) => {
      const labels = facts.reasons.filter(({ label, value }) => value !== null && text.toLowerCase().includes(label));
      const [a, b] = labels;
      if (!a || !b || a.value === b.value || !/\d/.test(text)) return;
      if (![a, b].some(({ label }) => new RegExp(`${label}"?“? ?(\\(|of|at|von|mit)[^a-z]*\\d`, "i").test(text)))
        return;
      return text.replace(new RegExp(`${a.label}|${b.label}`, "gi"), (label) =>
        label.toLowerCase() === a.label ? b.label : a.label,
      );
    }),
  "wrong direction": (answer, _, language, draw) =>
    changed(answer, draw, (text) => {
      const usable = OPPOSITES[language].filter(([word]) => word.test(text));
      if (usable.length === 0) return;
      const [word, opposite] = draw.pick(usable);
      return text.replace(word, opposite);
    }),
  "wrong band": (answer, facts, language, draw) =>
    changed(answer, draw, (text, { facts: ids }) => {
      if (!ids.includes("score")) return;
      const at = ["low", "medium", "high"].indexOf(facts.band);
      const own = BANDS[language][at] ?? "";
      return text.replace(new RegExp(`\\b${own}\\b`), BANDS[language][(at + 1 + draw.below(2)) % 3] ?? "");
    }),
  negation: (answer, _, language, draw) =>
    changed(answer, draw, (text) => {
      const words = inLanguage(
        language,
        /\b(is|are|has|raise|raises|increase|increases|lower|lowers|by)\b/,
        /\b(ist|sind|hat|wird|erhöht|erhöhen|senkt|senken|beträgt)\b/,
      );
      return text.replace(
        words,
        (word) =>
          `${word} ${inLanguage(language, draw.pick(["not", "never", "hardly", "no longer"]), draw.pick(["nicht", "nie", "kaum", "nicht mehr"]))}`,
      );
    }),
  "added advice": (answer, _, language, draw) =>
    added(
      answer,
      draw.pick(
        inLanguage(
          language,
          [
            "You should terminate the contract.",
            "We recommend a new supplier.",
            "Consider an audit of this supplier.",
            "The risk is high, so stop all orders.",
            "Please contact the supplier.",
          ],
          [
            "Sie sollten den Vertrag kündigen.",
            "Wir empfehlen einen neuen Lieferanten.",
            "Ein Audit ist ratsam.",
            "Bitte kontaktieren Sie den Lieferanten.",
          ],
        ),
      ),
    ),
  "added cause": (answer, _, language, draw) =>
    added(
      answer,
      draw.pick(
        inLanguage(
          language,
          [
            "The late ratio is high because of a strike.",
            "This is due to bankruptcy of the parent company.",
            "The supplier will fail next year.",
            "The risk rose since last week.",
            "Similar suppliers have failed.",
          ],
          [
            "Grund ist ein Streik.",
            "Der Lieferant wird nächstes Jahr ausfallen.",
            "Das Risiko stieg seit letzter Woche.",
            "Die Muttergesellschaft ist insolvent.",
          ],
        ),
      ),
    ),
  "added clause": (answer, _, language, draw) =>
    changed(answer, draw, (text) =>
      text.replace(
        /\.$/,
        draw.pick(
          inLanguage(
            language,
            [
              ", which is alarming.",
              ", but this can be ignored.",
              " and everything is fine.",
              ", so no action is needed.",
              ", probably.",
            ],
            [", was alarmierend ist.", ", was ignoriert werden kann.", " und alles ist gut.", ", vermutlich."],
          ),
        ),
      ),
    ),
  "hedged or intensified": (answer, _, language, draw) =>
    changed(answer, draw, (text) => {
      const words = inLanguage(language, /\b(is|are|has)\b/, /\b(ist|sind|hat|wird)\b/);
      return text.replace(
        words,
        (word) =>
          `${word} ${draw.pick(inLanguage(language, ["extremely", "possibly", "only", "slightly", "almost"], ["extrem", "möglicherweise", "nur", "leicht", "fast"]))}`,
      );
    }),
  "words for numbers": (answer, _, language, draw) =>
    changed(answer, draw, (text) =>
      text.replace(
        draw.pick([NUMBER, /\d+(?:[.,]\d+)*/]),
        draw.pick(
          inLanguage(
            language,
            ["a third", "half", "almost one", "three", "twice the usual", "about 1"],
            ["ein Drittel", "die Hälfte", "fast eins", "drei", "doppelt so viel wie", "etwa 1"],
          ),
        ),
      ),
    ),
  "invented quote": (answer, _, language, draw) => {
    const words = draw.pick(["unlimited liability", "fraud", "Penalty", "penalties", "bankrupt"]);
    const quote = inLanguage(language, `"${words}"`, `„${words}“`);
    const text = inLanguage(
      language,
      `The words ${quote} in the contract raise the risk.`,
      `Die Wörter ${quote} im Vertrag erhöhen das Risiko.`,
    );
    return added(answer, text, ["r1"]);
  },
  "changed quote": (answer, _, __, draw) =>
    changed(answer, draw, (text, { quotes }) => {
      const quote = quotes[0];
      return (
        quote &&
        text.replace(
          quote.text,
          draw.pick([quote.text.toUpperCase(), `${quote.text}s`, `no ${quote.text}`, quote.text.slice(1)]),
        )
      );
    }),
  "quote at another place": (answer, _, __, draw) => {
    const i = answer.sentences.findIndex(({ quotes }) => quotes.length > 0);
    const sentence = answer.sentences[i];
    if (!sentence) return;
    const by = 1 + draw.below(5);
    const quotes = sentence.quotes.map((quote) =>
      draw.below(2) === 0
        ? { ...quote, start: quote.start + by, end: quote.end + by }
        : { ...quote, end: quote.end + by },
    );
    return content({ ...answer, sentences: answer.sentences.with(i, { ...sentence, quotes }) });
  },
  "quote that is not declared": (answer) => {
    const i = answer.sentences.findIndex(({ quotes }) => quotes.length > 0);
    const sentence = answer.sentences[i];
    return sentence && content({ ...answer, sentences: answer.sentences.with(i, { ...sentence, quotes: [] }) });
  },
  "other facts declared": (answer, _, __, draw) => {
    const i = draw.below(answer.sentences.length);
    const sentence = answer.sentences[i];
    return (
      sentence &&
      content({
        ...answer,
        sentences: answer.sentences.with(i, { ...sentence, facts: draw.pick([["r9"], [], [...sentence.facts, "r7"]]) }),
      })
    );
  },
  "weaker reason as the strongest": (answer, facts, language) => {
    const weaker = facts.reasons.find(({ rank, direction }) => rank > 1 && direction === "increases");
    if (!weaker || weaker.quotes.length > 0) return;
    return added(
      answer,
      inLanguage(
        language,
        `The risk is increased most by ${weaker.label}.`,
        `Das Risiko wird am stärksten durch ${weaker.label} erhöht.`,
      ),
      [weaker.id],
    );
  },
  "known feature as missing": (answer, facts, language) => {
    const known = facts.reasons.find(({ value }) => value !== null);
    return (
      known &&
      added(answer, inLanguage(language, `Not known: ${known.label}.`, `Nicht bekannt: ${known.label}.`), ["missing"])
    );
  },
  "some of the missing features": (answer, facts, language) =>
    facts.missing.length < 2
      ? undefined
      : added(
          answer,
          inLanguage(language, `Not known: ${facts.missing[0] ?? ""}.`, `Nicht bekannt: ${facts.missing[0] ?? ""}.`),
          ["missing"],
        ),
  "other supplier": (answer, _, __, draw) =>
    changed(answer, draw, (text) =>
      text.replace("SUPPLIER", draw.pick(["S-002", "Acme Inc", "s-001", "SUPPLIER and S-002"])),
    ),
  "other language": (_, facts, language, draw) => {
    const other = writeTruthful(facts, language === "de" ? "en" : "de", draw);
    return content({ ...other, language });
  },
  "one sentence in the other language": (answer, facts, language, draw) => {
    const other = writeTruthful(facts, language === "de" ? "en" : "de", draw).sentences[0];
    return other && content({ ...answer, sentences: [...answer.sentences, other] });
  },
  "other language declared": (answer, _, language) =>
    content({ ...answer, language: inLanguage(language, "de", "en") }),
  link: (answer, _, __, draw) =>
    changed(answer, draw, (text) =>
      text.replace(
        /\.$/,
        draw.pick([
          " (https://example.com).",
          " [more](http://example.com).",
          " www.example.com.",
          " mailto:a@example.com.",
        ]),
      ),
    ),
  HTML: (answer, _, __, draw) =>
    changed(answer, draw, (text) =>
      draw.pick([
        `<b>${text}</b>`,
        `${text}<script>alert(1)</script>`,
        text.replace(/ /, "<br>"),
        `&lt;${text}`,
        `<img src=x onerror=alert(1)>.`,
      ]),
    ),
  Markdown: (answer, _, __, draw) =>
    changed(answer, draw, (text) => draw.pick([`# ${text}`, `**${text}**`, `- ${text}`, `\`${text}\``, `| ${text} |`])),
  "invisible or unusual characters": (answer, _, __, draw) =>
    changed(answer, draw, (text) => {
      const at = 1 + draw.below(text.length - 1);
      return (
        text.slice(0, at) +
        draw.pick(["\u200b", "\u202e", "\n", "\t", "\u0000", "\u00ad", "  ", "🙂", "\u0430"]) +
        text.slice(at)
      );
    }),
  empty: (answer, _, __, draw) =>
    draw.pick([
      "",
      " ",
      "{}",
      "null",
      "[]",
      content({ ...answer, sentences: [] }),
      content({ ...answer, sentences: [{ text: "", facts: [], quotes: [] }] }),
    ]),
  "cut off": (answer, _, __, draw) => {
    const whole = content(answer);
    return whole.slice(0, 1 + draw.below(whole.length - 2));
  },
  "cut off within a sentence": (answer, _, __, draw) =>
    changed(answer, draw, (text) => text.slice(0, 1 + draw.below(text.length - 1))),
  "only the score": (answer) => content({ ...answer, sentences: answer.sentences.slice(0, 1) }),
  "without the score": (answer) =>
    content({ ...answer, sentences: answer.sentences.filter(({ facts }) => !facts.includes("score")) }),
  "1 MB": (answer, _, __, draw) =>
    draw.pick([
      content({ ...answer, sentences: Array.from({ length: 8_000 }, () => answer.sentences[0]) }),
      content({ ...answer, sentences: [{ text: "a ".repeat(500_000), facts: [], quotes: [] }] }),
      " ".repeat(1_000_000) + content(answer),
    ]),
  "repeated sentences": (answer) =>
    content({ ...answer, sentences: Array.from({ length: 20 }, () => answer.sentences[0]) }),
  "text instead of JSON": (answer, _, __, draw) =>
    draw.pick([
      answer.sentences.map(({ text }) => text).join(" "),
      `Here is the JSON: ${content(answer)}`,
      `\`\`\`json\n${content(answer)}\n\`\`\``,
    ]),
  "further fields": (answer, _, __, draw) =>
    draw.pick([
      content({ ...answer, note: "x" }),
      content({ ...answer, sentences: answer.sentences.map((one) => ({ ...one, html: "<b>x</b>" })) }),
    ]),
  "no answer": (answer, _, language) =>
    added(answer, inLanguage(language, "I cannot answer this.", "Das kann ich nicht beantworten."), []),
};
