import { anyCase, anyOf, optional, type Phrase, sequence } from "./phrase.ts";

/** What the names in braces stand for. */
export type Definitions = ReadonlyMap<string, Phrase>;

/**
 * Parses a pattern of a grammar. Notation: words; `[x]` optional; `(x|y)` alternatives; `{name}` a definition; `<x>` x
 * in parentheses; `, . : ;` without a space before them. Words match in any letter case. The text must be prepared
 * with `spaced`.
 * @throws Error for a pattern that is not valid: a programming error
 */
export function parsePattern(pattern: string, definitions: Definitions): Phrase {
  const reader = { pattern, at: 0, definitions };
  const phrase = readAlternatives(reader);
  if (reader.at < pattern.length) throw invalid(reader, `unexpected "${pattern[reader.at]}"`);
  return phrase;
}

/** Returns a text in the form that patterns match: each word has a space before it, also after a parenthesis. */
export const spaced = (text: string): string => ` ${text.replaceAll("(", "( ")}`;

interface Reader {
  readonly pattern: string;
  readonly definitions: Definitions;
  at: number;
}

const invalid = ({ pattern }: Reader, what: string): Error => new Error(`pattern ${JSON.stringify(pattern)}: ${what}`);

function readAlternatives(reader: Reader): Phrase {
  const alternatives = [readSequence(reader)];
  while (reader.pattern[reader.at] === "|") {
    reader.at++;
    alternatives.push(readSequence(reader));
  }
  return anyOf(alternatives);
}

function readSequence(reader: Reader): Phrase {
  const phrases: Phrase[] = [];
  for (;;) {
    const c = reader.pattern[reader.at];
    if (c === undefined || "|)]>".includes(c)) return sequence(phrases);
    reader.at++;
    if (c === " ") continue;
    if (c === "[") phrases.push(optional(readUntil(reader, "]")));
    else if (c === "(") phrases.push(readUntil(reader, ")"));
    else if (c === "<") phrases.push(anyCase(" ("), readUntil(reader, ">"), anyCase(")"));
    else if (c === "{") phrases.push(readReference(reader));
    else if (",.:;".includes(c)) phrases.push(anyCase(c));
    else {
      const word = /^[^\s[\](){}<>|,.:;]+/.exec(reader.pattern.slice(reader.at - 1))?.[0] ?? c;
      reader.at += word.length - 1;
      phrases.push(anyCase(` ${word}`));
    }
  }
}

function readUntil(reader: Reader, end: string): Phrase {
  const phrase = readAlternatives(reader);
  if (reader.pattern[reader.at] !== end) throw invalid(reader, `"${end}" is missing`);
  reader.at++;
  return phrase;
}

function readReference(reader: Reader): Phrase {
  const end = reader.pattern.indexOf("}", reader.at);
  const name = reader.pattern.slice(reader.at, end);
  reader.at = end + 1;
  const phrase = reader.definitions.get(name);
  if (phrase === undefined) throw invalid(reader, `{${name}} is not defined`);
  return phrase;
}
