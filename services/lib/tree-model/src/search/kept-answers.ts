import type { VariableChange } from "./change-variable.ts";

/** A change that is enough, and its cost. */
export interface ChangeAnswer {
  /** By variable, ascending. */
  readonly changes: readonly VariableChange[];
  readonly cost: number;
}

/** The cheapest answers that were found. No answer changes all variables of a cheaper one. */
export interface KeptAnswers {
  /** Cheapest first. */
  readonly list: readonly ChangeAnswer[];
  /** Cost of the cheapest answer; Infinity without one. */
  best(): number;
  /** Cost below which an answer that changes these variables is kept. */
  bound(variables: readonly number[]): number;
  /** Keeps an answer whose cost is below `bound`. */
  add(answer: ChangeAnswer): void;
}

/** Keeps at most `most` answers. */
export function keepAnswers(most: number): KeptAnswers {
  const list: ChangeAnswer[] = [];
  const variablesOf = ({ changes }: ChangeAnswer): number[] => changes.map(({ variable }) => variable);
  const contains = (all: readonly number[], some: readonly number[]): boolean =>
    some.every((variable) => all.includes(variable));
  return {
    list,
    best: () => list.at(0)?.cost ?? Number.POSITIVE_INFINITY,
    bound(variables) {
      let bound = list.length < most ? Number.POSITIVE_INFINITY : list[list.length - 1].cost;
      for (const answer of list)
        if (answer.cost < bound && contains(variables, variablesOf(answer))) bound = answer.cost;
      return bound;
    },
    add(answer) {
      const variables = variablesOf(answer);
      for (let i = list.length - 1; i >= 0; i--)
        if (list[i].cost >= answer.cost && contains(variablesOf(list[i]), variables)) list.splice(i, 1);
      const at = list.findIndex(({ cost }) => cost > answer.cost);
      list.splice(at < 0 ? list.length : at, 0, answer);
      list.length = Math.min(list.length, most);
    },
  };
}
