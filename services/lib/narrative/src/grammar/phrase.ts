/** One way in which a phrase matches at a position. */
export interface Match {
  /** Position after the match. */
  readonly end: number;
  /** Facts that the matched text states, in its order. */
  readonly facts: readonly string[];
}

/**
 * A text that is matched. Each phrase is matched at most once at each position, so that the time is bounded by the
 * length of the text also for hostile texts; a regular expression with the same sentences would backtrack.
 */
export interface MatchedText {
  readonly text: string;
  /** The same in lower case, with the same positions. */
  readonly lower: string;
  readonly known: Map<Phrase, Map<number, readonly Match[]>>;
}

/** A part of a sentence: returns all ways in which it matches at a position. */
export type Phrase = (input: MatchedText, at: number) => readonly Match[];

const NO_FACTS: readonly string[] = [];

/** Prepares a text. Undefined: letters that have another length in lower case, which no phrase has. */
export function matchedText(text: string): MatchedText | undefined {
  const lower = text.toLowerCase();
  return lower.length === text.length ? { text, lower, known: new Map() } : undefined;
}

/** Matches nothing. */
export const NEVER: Phrase = () => [];

/** Matches a text at the position, in any letter case. */
export function anyCase(text: string): Phrase {
  const lower = text.toLowerCase();
  return (input, at) => (input.lower.startsWith(lower, at) ? [{ end: at + lower.length, facts: NO_FACTS }] : []);
}

/** Matches a text at the position, as it is. */
export const exactCase =
  (text: string): Phrase =>
  (input, at) =>
    input.text.startsWith(text, at) ? [{ end: at + text.length, facts: NO_FACTS }] : [];

/** Matches phrases one after the other. */
export function sequence(phrases: readonly Phrase[]): Phrase {
  if (phrases.length === 1 && phrases[0]) return phrases[0];
  return remembered((input, at) => {
    let matches: readonly Match[] = [{ end: at, facts: NO_FACTS }];
    for (const phrase of phrases) {
      matches = distinct(
        matches.flatMap((before) =>
          phrase(input, before.end).map(({ end, facts }) => ({ end, facts: joined(before.facts, facts) })),
        ),
      );
      if (matches.length === 0) break;
    }
    return matches;
  });
}

/** Matches any of the phrases. */
export function anyOf(phrases: readonly Phrase[]): Phrase {
  if (phrases.length === 1 && phrases[0]) return phrases[0];
  return remembered((input, at) => distinct(phrases.flatMap((phrase) => phrase(input, at))));
}

/** Matches the phrase, or nothing. */
export const optional = (phrase: Phrase): Phrase =>
  remembered((input, at) => distinct([{ end: at, facts: NO_FACTS }, ...phrase(input, at)]));

/** Matches the phrase, which states a fact. */
export const stating = (fact: string, phrase: Phrase): Phrase =>
  remembered((input, at) => distinct(phrase(input, at).map(({ end }) => ({ end, facts: [fact] }))));

/** Matches the phrase where the facts that it states are accepted; `accept` returns the facts that it then states. */
export const accepting = (
  phrase: Phrase,
  accept: (facts: readonly string[]) => readonly string[] | undefined,
): Phrase =>
  remembered((input, at) =>
    distinct(
      phrase(input, at).flatMap(({ end, facts }) => {
        const accepted = accept(facts);
        return accepted === undefined ? [] : [{ end, facts: accepted }];
      }),
    ),
  );

/** Matches one or more phrases with a joint between them, at most `max`, none of which states the same fact twice. */
export const listOf = (phrase: Phrase, joint: Phrase, max: number): Phrase =>
  remembered((input, at) => {
    let last = phrase(input, at);
    let all = last;
    for (let count = 1; count < max && last.length > 0; count++) {
      last = distinct(
        last.flatMap((before) =>
          joint(input, before.end)
            .flatMap(({ end }) => phrase(input, end))
            .filter(({ facts }) => !facts.some((fact) => before.facts.includes(fact)))
            .map(({ end, facts }) => ({ end, facts: joined(before.facts, facts) })),
        ),
      );
      all = [...all, ...last];
    }
    return all;
  });

const joined = (before: readonly string[], after: readonly string[]): readonly string[] =>
  after.length === 0 ? before : before.length === 0 ? after : [...before, ...after];

/** Matches each position once, and then returns the same matches. */
function remembered(match: Phrase): Phrase {
  const phrase: Phrase = (input, at) => {
    let byPosition = input.known.get(phrase);
    if (byPosition === undefined) {
      byPosition = new Map();
      input.known.set(phrase, byPosition);
    }
    let matches = byPosition.get(at);
    if (matches === undefined) {
      matches = match(input, at);
      byPosition.set(at, matches);
    }
    return matches;
  };
  return phrase;
}

function distinct(matches: readonly Match[]): readonly Match[] {
  if (matches.length < 2) return matches;
  return [...new Map(matches.map((match) => [`${match.end} ${match.facts.join()}`, match])).values()];
}
