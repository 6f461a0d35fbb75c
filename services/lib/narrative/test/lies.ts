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
  content({ ...answer, sentences: [...answer.sentences, { text, facts }] });

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
    [/\bhigher (risk|score)\b/, "lower $1"],
    [/\bspeak for\b/, "speak against"],
    [/\bRisk drivers\b/, "Mitigating factors"],
    [/\bMitigating factors\b/, "Risk drivers"],
    [/\blower risk\b/, "higher risk"],
    [/\babove\b/, "below"],
    [/\bbelow\b/, "above"],
  ],
  de: [
    [/\b(erhöht|gesteigert)\b/, "gesenkt"],
    [/\b(gesenkt|gemindert|verringert)\b/, "erhöht"],
    [/\berhöhen\b/, "senken"],
    [/\bsteigt\b/, "sinkt"],
    [/\bsinkt\b/, "steigt"],
    [/\bhöheren Risiko\b/, "niedrigeren Risiko"],
    [/\bfür den Lieferanten\b/, "gegen den Lieferanten"],
    [/\bRisikotreiber\b/, "Entlastend"],
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
  "number instead of a placeholder": (answer, facts, language, draw) =>
    changed(answer, draw, (text) =>
      text.replace(/\{(score|percent)\}/, () => {
        const exact = (facts.riskScore ?? 0).toFixed(2);
        return draw.pick([exact, inLanguage(language, exact, exact.replace(".", ",")), "0.9", "87 %"]);
      }),
    ),
  "number of a feature instead of its placeholder": (answer, _, __, draw) =>
    changed(answer, draw, (text) =>
      text.replace(/\{(value|typical|compared):\w+\}/, draw.pick(["1", "0.45", "7 days"])),
    ),
  "number behind a placeholder": (answer, _, __, draw) =>
    changed(answer, draw, (text) =>
      text.replace(/\{(value|score|percent)(:\w+)?\}/, (one) => one + draw.pick(["0", "%", "e2", "k", ".5", "00"])),
    ),
  "factor behind a placeholder": (answer, _, language, draw) =>
    changed(answer, draw, (text) =>
      text.replace(
        /\{(value|score|percent)(:\w+)?\}/,
        (one) =>
          `${one} ${draw.pick(inLanguage(language, ["million", "percent", "times"], ["Millionen", "Prozent", "mal"]))}`,
      ),
    ),
  "value and typical value exchanged": (answer, _, __, draw) =>
    changed(answer, draw, (text) => {
      if (!text.includes("{value:") || !text.includes("{typical:")) return;
      return text.replace(/\{(value|typical):/g, (_, kind: string) => (kind === "value" ? "{typical:" : "{value:"));
    }),
  "typical value as the value": (answer, facts, __, draw) =>
    changed(answer, draw, (text) => {
      if (text.includes("{typical:")) return;
      const id = /\{value:(\w+)\}/.exec(text)?.[1];
      const hasTypical = facts.reasons.some((one) => one.id === id && one.typical !== null);
      return hasTypical ? text.replace("{value:", "{typical:") : undefined;
    }),
  "value of another feature": (answer, facts, _, draw) =>
    changed(answer, draw, (text) => {
      const id = /\{(?:value|typical|compared):(\w+)\}/.exec(text)?.[1];
      const other = facts.reasons.find((one) => one.id !== id && one.value !== null && one.typical !== null);
      return (
        id && other && text.replaceAll(new RegExp(`\\{(value|typical|compared):${id}\\}`, "g"), `{$1:${other.id}}`)
      );
    }),
  "name of another feature": (answer, facts, _, draw) =>
    changed(answer, draw, (text) => {
      const [, id] = /\{name:(\w+)\}/.exec(text) ?? [];
      if (id === undefined || !new RegExp(`\\{(value|typical|compared):${id}\\}`).test(text)) return;
      const other = facts.reasons.find((one) => one.id !== id && !text.includes(`:${one.id}}`));
      return other && text.replace(`{name:${id}}`, `{name:${other.id}}`);
    }),
  "value as the score": (answer, facts, _, draw) =>
    changed(answer, draw, (text) => {
      const other = facts.reasons.find(({ value }) => value !== null);
      return other && text.replace(/\{(score|percent)\}/, `{${draw.pick(["value", "name"])}:${other.id}}`);
    }),
  "score as a value": (answer, _, __, draw) =>
    changed(answer, draw, (text) =>
      text.replace(/\{(value|compared):\w+\}/, draw.pick(["{score}", "{band}", "{percent}"])),
    ),
  "feature of the other direction": (answer, facts, _, draw) =>
    changed(answer, draw, (text, { facts: ids }) => {
      if (ids.length === 0 || /\{(value|typical|compared):/.test(text)) return;
      const own = facts.reasons.find(({ id }) => text.includes(`{name:${id}}`));
      const other = facts.reasons.find(({ direction }) => own && direction !== own.direction);
      return own && other && text.replaceAll(`{name:${own.id}}`, `{name:${other.id}}`);
    }),
  "effect of another feature": (answer, facts, _, draw) => {
    const up = facts.reasons.find(({ direction }) => direction === "increases");
    const down = facts.reasons.find(({ direction }) => direction === "lowers");
    if (!up || !down) return;
    const [name, effect] = draw.pick([
      [up, down],
      [down, up],
    ]);
    return added(answer, `{name:${name.id}} {effect:${effect.id}}.`, [name.id]);
  },
  "invented feature": (answer, _, __, draw) =>
    changed(answer, draw, (text) =>
      text.replace(
        /\{name:\w+\}/,
        draw.pick(["employee turnover", "carbon footprint", "audit findings", "{name:r9}", "{name}", "{feature:r1}"]),
      ),
    ),
  "letters beside a name": (answer, _, __, draw) =>
    changed(answer, draw, (text) =>
      text.replace(/\{name:\w+\}/, (one) => draw.pick([`${one}s`, `${one}-based costs`, `non${one}`, `${one} ratio`])),
    ),
  "values of two features exchanged": (answer, _, __, draw) =>
    changed(answer, draw, (text) => {
      const ids = [...new Set([...text.matchAll(/\{value:(\w+)\}/g)].map(([, id = ""]) => id))];
      const [a, b] = ids;
      if (a === undefined || b === undefined) return;
      return text.replace(/\{value:(\w+)\}/g, (one, id: string) =>
        id === a ? `{value:${b}}` : id === b ? `{value:${a}}` : one,
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
    changed(answer, draw, (text) => {
      const at = ["low", "medium", "high"].indexOf(facts.band);
      return text.replace("{band}", BANDS[language][(at + 1 + draw.below(2)) % 3] ?? "");
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
        /\{(score|percent|value:\w+)\}/,
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
    changed(answer, draw, (text) =>
      text.replace(/\{quotes:\w+\}/, (one) => draw.pick([`no ${one}`, `"${one}"`, "penalty", `${one}s`, `un${one}`])),
    ),
  "quotes of a feature without quotes": (answer, facts, _, draw) => {
    const other = facts.reasons.find(({ quotes }) => quotes.length === 0);
    return other && changed(answer, draw, (text) => text.replace(/\{(name|quotes):\w+\}/, `{quotes:${other.id}}`));
  },
  "weaker reason as the strongest": (answer, facts, language) => {
    const weaker = facts.reasons.find(({ rank, direction }) => rank > 1 && direction === "increases");
    return (
      weaker &&
      added(
        answer,
        inLanguage(
          language,
          `The risk is increased most by {name:${weaker.id}}.`,
          `Das Risiko wird am stärksten durch {name:${weaker.id}} erhöht.`,
        ),
        [weaker.id],
      )
    );
  },
  "known feature as missing": (answer, facts, language) => {
    const known = facts.reasons.find(({ value }) => value !== null);
    return (
      known &&
      added(answer, inLanguage(language, `{name:${known.id}} is not known.`, `{name:${known.id}} ist nicht bekannt.`), [
        "missing",
      ])
    );
  },
  "missing features as known": (answer, _, language, draw) =>
    changed(answer, draw, (text) =>
      text.replace(
        inLanguage(language, /Not known|no data on/, /Nicht bekannt|keine Daten/),
        inLanguage(language, "Known", "Bekannt"),
      ),
    ),
  "other supplier": (answer, _, __, draw) =>
    changed(answer, draw, (text) =>
      text.replace("{supplier}", draw.pick(["S-002", "Acme Inc", "Siemens", "{supplier} and S-002", "{supplier:r1}"])),
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
      content({ ...answer, sentences: [{ text: "", facts: [] }] }),
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
      content({ ...answer, sentences: [{ text: "a ".repeat(500_000), facts: [] }] }),
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
