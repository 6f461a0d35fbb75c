import type { Language } from "../facts/language.ts";
import type { NarrativeFacts, ReasonFact } from "../facts/narrative-facts.ts";
import { linkProblem } from "./check-links.ts";
import { missingProblem, scoreProblem, typicalProblem, valueProblem } from "./check-places.ts";
import { checkStatements } from "./check-statements.ts";
import { readTokens, type Token } from "./read-tokens.ts";
import { has } from "./token-places.ts";

/** What the sentence before was about, for pronouns ("this raises the risk") and for "also". */
export interface ProseContext {
  /** Reasons that it names; empty when it names none, or was not shown. */
  readonly names: readonly ReasonFact[];
}

/** A sentence whose claims are those of the facts; or what is wrong, in words for the language model. */
export type CheckedProse =
  | {
      readonly problem?: undefined;
      /** Reasons that it names. */
      readonly names: readonly ReasonFact[];
      readonly saysScore: boolean;
      readonly saysBand: boolean;
      readonly saysMissing: boolean;
      /** Its parts that each make one statement. */
      readonly parts: readonly (readonly Token[])[];
      /** For the sentence after it. */
      readonly context: ProseContext;
    }
  | { readonly problem: string; readonly isReference: boolean };

/** No sentence is before. */
export const NO_CONTEXT: ProseContext = { names: [] };

/**
 * Checks a sentence with placeholders. Its numbers, names and quotes are those of the facts by construction. So what is
 * checked is that each is at its place, and that the words between them claim nothing that the facts do not say.
 */
export function checkProse(
  text: string,
  facts: NarrativeFacts,
  language: Language,
  context: ProseContext,
): CheckedProse {
  const read = readTokens(text, facts, language);
  if (read.problem !== undefined) return read;
  const formProblem = formProblemOf(read.tokens);
  if (formProblem !== undefined) return { problem: formProblem, isReference: false };
  const tokens = read.tokens.slice(0, -1);
  const names = namesOf(tokens);
  const problem =
    missingProblem(tokens, context.names) ??
    scoreProblem(tokens) ??
    valueProblem(tokens, context.names) ??
    typicalProblem(tokens) ??
    linkProblem(tokens, language, names.length > 0 ? names : context.names);
  if (problem !== undefined) return { problem, isReference: false };
  const checked = checkStatements(tokens, facts, language, context.names);
  if (checked.problem !== undefined) return { problem: checked.problem, isReference: false };
  const kinds = new Set(tokens.map(({ placeholder }) => placeholder?.kind));
  return {
    ...{ names, parts: checked.parts },
    saysScore: kinds.has("score") || kinds.has("percent") || kinds.has("prediction"),
    saysBand: kinds.has("band"),
    saysMissing: kinds.has("missing"),
    context:
      names.length > 0 ? { names } : tokens.some(({ placeholder }) => placeholder !== undefined) ? NO_CONTEXT : context,
  };
}

/** Returns the reasons that tokens name, each once, in their order. */
export const namesOf = (tokens: readonly Token[]): readonly ReasonFact[] => [
  ...new Set(tokens.flatMap(({ name }) => name ?? [])),
];

function formProblemOf(tokens: readonly Token[]): string | undefined {
  if (!has(tokens.at(-1), "end") || tokens.slice(0, -1).some((token) => has(token, "end")))
    return "a sentence ends with one full stop";
  let depth = 0;
  for (const token of tokens) {
    depth += Number(has(token, "open")) - Number(has(token, "close"));
    if (depth < 0 || depth > 1) return "brackets do not match";
  }
  return depth === 0 ? undefined : "brackets do not match";
}
