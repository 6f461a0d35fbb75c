import { missingId, quoteId } from "../src/claims/check-claims.ts";
import type { NarrativeFacts, ReasonFact } from "../src/facts/narrative-facts.ts";
import { comparisonOf } from "../src/facts/reason-values.ts";
import type { Draw } from "./draw-facts.ts";

/*
 * False, unknown and malformed claims, one kind each. Each returns a claim as a language model could send it, or
 * undefined where the facts have nothing to lie about in this way.
 */

type ClaimLie = (facts: NarrativeFacts, draw: Draw) => unknown;

const SCORE = { kind: "score", facts: ["score"] } as const;
const withDirection = ({ reasons }: NarrativeFacts, direction: ReasonFact["direction"]) =>
  reasons.filter((reason) => reason.direction === direction);
const about = (kind: string, reason: ReasonFact | undefined): unknown => reason && { kind, facts: [reason.id] };
const hasNoValue = ({ value, category }: ReasonFact): boolean => value === null && category === "";
const compared =
  (claimed: string, actual: string): ClaimLie =>
  ({ reasons }) =>
    about(
      claimed,
      reasons.find((reason) => comparisonOf(reason) === actual),
    );
const quoted =
  (change: (reason: ReasonFact, start: number, end: number) => string): ClaimLie =>
  ({ reasons }, draw) => {
    const quoting = reasons.filter(({ quotes }) => quotes.length > 0);
    if (quoting.length === 0) return;
    const reason = draw.pick(quoting);
    const { start, end } = draw.pick(reason.quotes);
    return { kind: "quote", facts: [change(reason, start, end)] };
  };

/** The ways of claiming something false by name. */
export const CLAIM_LIES: Readonly<Record<string, ClaimLie>> = {
  "a raising feature lowers": (facts, draw) => {
    const ups = withDirection(facts, "increases");
    return ups.length === 0 ? undefined : about("lowers", draw.pick(ups));
  },
  "a lowering feature raises": (facts, draw) => {
    const downs = withDirection(facts, "lowers");
    return downs.length === 0 ? undefined : about("raises", draw.pick(downs));
  },
  "all features raise": (facts) =>
    withDirection(facts, "lowers").length > 0
      ? { kind: "raises", facts: facts.reasons.map(({ id }) => id) }
      : undefined,
  "all features lower": (facts) => ({ kind: "lowers", facts: facts.reasons.map(({ id }) => id) }),
  "the second feature is the strongest": ({ reasons }) =>
    about(
      "strongest",
      reasons.find(({ rank }) => rank === 2),
    ),
  "the third feature is the strongest": ({ reasons }) =>
    about(
      "strongest",
      reasons.find(({ rank }) => rank === 3),
    ),
  "first and third features are the strongest": (facts) => {
    const ups = withDirection(facts, "increases").filter(({ rank }) => rank !== 2);
    return ups.length === 2 ? { kind: "strongest", facts: ups.map(({ id }) => id) } : undefined;
  },
  "features of both directions are the strongest": ({ reasons }) => {
    const firsts = reasons.filter(({ rank }) => rank === 1);
    return firsts.length === 2 ? { kind: "strongest", facts: firsts.map(({ id }) => id) } : undefined;
  },
  "another feature is the strongest of all": ({ reasons }) =>
    about(
      "strongest_of_all",
      reasons.find(({ overallRank }) => overallRank > 1),
    ),
  "the reversed order": ({ reasons }) =>
    reasons.length < 2
      ? undefined
      : { kind: "order", facts: reasons.toSorted((a, b) => b.overallRank - a.overallRank).map(({ id }) => id) },
  "an order with two features exchanged": ({ reasons }) => {
    const [first, second, third] = reasons.toSorted((a, b) => a.overallRank - b.overallRank);
    return first && second && third ? { kind: "order", facts: [first.id, third.id, second.id] } : undefined;
  },
  "an order of one feature": ({ reasons }) => about("order", reasons[0]),
  "above, which is below": compared("above", "below"),
  "below, which is above": compared("below", "above"),
  "equal, which is above": compared("equal", "above"),
  "equal, which is below": compared("equal", "below"),
  "a value that is not known": ({ reasons }) => about("value", reasons.find(hasNoValue)),
  "a typical value that is not known": ({ reasons }) =>
    about(
      "typical",
      reasons.find(({ typical, typicalCategory }) => typical === null && typicalCategory === ""),
    ),
  "a comparison with an unknown typical value": ({ reasons }) =>
    about(
      "above",
      reasons.find(({ value, typical }) => value === null || typical === null),
    ),
  "a known value is missing": ({ reasons }) =>
    about(
      "missing",
      reasons.find(({ value }) => value !== null),
    ),
  "a text that is known is missing": ({ reasons, missing }) =>
    about(
      "missing",
      reasons.find((reason) => hasNoValue(reason) && !missing.includes(reason.label)),
    ),
  "a missing feature that is not one": ({ missing }) => ({ kind: "missing", facts: [missingId(missing.length)] }),
  "missing features without any": ({ missing }) =>
    missing.length === 0 ? { kind: "missing", facts: ["missing"] } : undefined,
  "a missing feature by its name": () => ({ kind: "missing", facts: ["credit rating"] }),
  "a quote one character later": quoted(({ id }, start, end) => `${id}@${start + 1}-${end + 1}`),
  "a quote one character longer": quoted(({ id }, start, end) => `${id}@${start}-${end + 1}`),
  "a quote one character shorter": quoted(({ id }, start, end) => `${id}@${start}-${end - 1}`),
  "a quote from the start": quoted(({ id }, _, end) => `${id}@0-${end}`),
  "a quote with its places exchanged": quoted(({ id }, start, end) => `${id}@${end}-${start}`),
  "a quote without a place": quoted(({ id }) => id),
  "a quote by its number": quoted(({ id }) => `${id}@1`),
  "a quote by its word": quoted(({ quotes }) => quotes[0]?.text ?? ""),
  "a quote with a negative place": quoted(({ id }, start, end) => `${id}@-${start}-${end}`),
  "a quote of another feature": ({ reasons }, draw) => {
    const quoting = reasons.find(({ quotes }) => quotes.length > 0);
    const other = reasons.find(({ quotes }) => quotes.length === 0);
    if (quoting === undefined || other === undefined) return;
    return { kind: "quote", facts: [quoteId(quoting, draw.pick(quoting.quotes), 0).replace(quoting.id, other.id)] };
  },
  "nothing raises": (facts) =>
    withDirection(facts, "increases").length > 0 ? { kind: "nothing_raises", facts: ["score"] } : undefined,
  "nothing lowers": (facts) =>
    withDirection(facts, "lowers").length > 0 ? { kind: "nothing_lowers", facts: ["score"] } : undefined,
  "a feature that does not exist": () => ({ kind: "raises", facts: ["r9"] }),
  "a true and an unknown feature": ({ reasons: [reason] }) =>
    reason && { kind: reason.direction === "increases" ? "raises" : "lowers", facts: [reason.id, "r0"] },
  "a feature of another supplier": () => ({ kind: "raises", facts: ["S-002:r1"] }),
  "the score of another supplier": () => ({ kind: "score", facts: ["S-002"] }),
  "the score of another supplier beside the score": () => ({ kind: "score", facts: ["score", "S-002"] }),
  "a feature by its name": ({ reasons: [reason] }) => reason && { kind: "raises", facts: [reason.label] },
  "the band of a feature": ({ reasons: [reason] }) => reason && { kind: "band", facts: [reason.id] },
  "the direction of the score": () => ({ kind: "raises", facts: ["score"] }),
  "a claim with a number": () => ({ ...SCORE, value: "0.01" }),
  "a claim with a band": () => ({ kind: "band", facts: ["score"], band: "low" }),
  "a claim with a text": () => ({ ...SCORE, text: "Acme is safe." }),
  "a claim without facts": () => ({ kind: "score", facts: [] }),
  "a claim without the field": () => ({ kind: "score" }),
  "a fact twice": () => ({ kind: "score", facts: ["score", "score"] }),
  "a forecast": ({ reasons: [reason] }) => about("will_rise", reason),
  "an advice": () => ({ kind: "advice", facts: ["score"] }),
  "a cause": ({ reasons }) => ({ kind: "because", facts: reasons.map(({ id }) => id) }),
  "a negation": ({ reasons: [reason] }) => about("not_raises", reason),
  "a kind in capital letters": () => ({ kind: "SCORE", facts: ["score"] }),
  "a kind of an object": () => ({ kind: "constructor", facts: ["score"] }),
  "a claim as a text": () => "The risk is low.",
  "a claim as a list": () => ["score", "score"],
  "no claim": () => null,
  "a fact as a number": () => ({ kind: "raises", facts: [1] }),
  "facts as a text": () => ({ kind: "score", facts: "score" }),
};
