import { type Criticality, type ImpactPolicy, isCurrency, MAX_EXPOSURE } from "@bellwether/config/risk-policy";
import { MAX_CATEGORY_BYTES, MAX_SUPPLIER_ID_BYTES, MAX_SUPPLIER_NAME_BYTES } from "@bellwether/contract/limits";
import { hasVisibleCharacter, REASON_PATTERN } from "@bellwether/contract/reason-text";
import { hasOrderControls, ORDER_CONTROLS_REASON, personNameViolation, withShownControls } from "../order-controls.ts";
import { exposureIn } from "../scores/expected-impact.ts";
import { normalForm } from "./identifier-forms.ts";
import { identifierKey } from "./search-key.ts";
import type { Identifier } from "./supplier.ts";

/** One row of master data as a caller sends it. Undefined: the field does not change. */
export interface MasterDataInput {
  readonly supplierId: string;
  /** "": master data does not set the field, so the weekly file does. The same for region and category. */
  readonly name: string | undefined;
  readonly region: string | undefined;
  readonly category: string | undefined;
  readonly exposure: number | undefined;
  /** "": the currency of the risk policy. */
  readonly currency: string;
  readonly clearExposure: boolean;
  /** Null: the caller sent a number that is not a criticality. */
  readonly criticality: Criticality | null | undefined;
  readonly owner: string | undefined;
  /** An empty value removes the identifier. */
  readonly identifiers: readonly Identifier[];
}

/** An exposure in master data. */
export interface Exposure {
  readonly amount: number;
  /** ISO 4217. */
  readonly currency: string;
}

/** A valid row of master data. Undefined: the field does not change. */
export interface MasterDataChange {
  /** Index of the row in the request. */
  readonly row: number;
  readonly supplierId: string;
  /** Null: master data does not set the field, so the weekly file does. The same for the next three. */
  readonly name: string | null | undefined;
  readonly region: string | null | undefined;
  readonly category: string | null | undefined;
  readonly exposure: Exposure | null | undefined;
  readonly criticality: Criticality | undefined;
  readonly owner: string | undefined;
  readonly identifiers: readonly Identifier[];
}

/** A rule that a row breaks, or a conflict. */
export interface MasterDataViolation {
  readonly row: number;
  readonly field: string;
  readonly value: string;
  readonly reason: string;
}

/** Maximum number of identifiers of a supplier. */
export const MAX_IDENTIFIERS = 20;
const MAX_IDENTIFIER_BYTES = 128;
const MAX_OWNER_BYTES = 256;
const MAX_VIOLATIONS_PER_ROW = 10;
/** Maximum number of characters of a value that a violation repeats. */
const SHOWN_CHARACTERS = 200;
const CONTROLS_REASON = "has line ends or control characters; write one line";
const KIND = /^[a-z0-9_-]{1,32}$/;
const HIDDEN_OR_OUTER_SPACE = /[\p{Cc}\p{Cf}]|^[\s\p{Z}]|[\s\p{Z}]$/u;

/** Checks rows one by one. Of several rows of one supplier, or with one identifier, the first is valid. */
export function checkMasterData(
  rows: readonly MasterDataInput[],
  policy: Pick<ImpactPolicy, "currency" | "exchangeRates">,
): { readonly valid: readonly MasterDataChange[]; readonly violations: readonly MasterDataViolation[] } {
  const seen = { suppliers: new Set<string>(), identifiers: new Map<string, string>() };
  const valid: MasterDataChange[] = [];
  const violations: MasterDataViolation[] = [];
  for (const [row, input] of rows.entries()) {
    const found = [...checkTexts(input), ...checkExposure(input, policy), ...checkIdentifiers(input)];
    if (found.length === 0) found.push(...checkRepeated(input, seen));
    violations.push(
      ...found.slice(0, MAX_VIOLATIONS_PER_ROW).map(([field, value, reason]) => violation(row, field, value, reason)),
    );
    if (found.length === 0) valid.push(changeOf(row, input, policy));
  }
  return { valid, violations };
}

/** Returns a violation with its value shortened for a report. */
export function violation(row: number, field: string, value: unknown, reason: string): MasterDataViolation {
  const text = String(value);
  const isLong = text.length > SHOWN_CHARACTERS;
  return { row, field, value: isLong ? `${[...text].slice(0, SHOWN_CHARACTERS - 1).join("")}…` : text, reason };
}

type Finding = readonly [field: string, value: unknown, reason: string];

function checkTexts({ supplierId, name, region, category, owner, criticality }: MasterDataInput): Finding[] {
  const found: Finding[] = [];
  const check = (field: string, text: string | undefined, maxBytes: number): void => {
    if (text === undefined) return;
    if (Buffer.byteLength(text) > maxBytes) found.push([field, text, `is longer than ${maxBytes} bytes of UTF-8`]);
    if (text.includes("\0")) found.push([field, text.replaceAll("\0", "\\0"), "has a NUL character"]);
    else if (field !== "supplier_id" && text !== "" && !hasVisibleCharacter(text))
      found.push([
        field,
        text,
        `has no visible character; leave it empty for ${field === "owner" ? "nobody" : "none"}`,
      ]);
    else if (field !== "supplier_id" && text !== "" && !REASON_PATTERN.test(text))
      found.push([field, text, CONTROLS_REASON]);
    else if (field !== "supplier_id" && hasOrderControls(text))
      found.push([field, withShownControls(text), ORDER_CONTROLS_REASON]);
    else if (field === "owner") {
      const violation = personNameViolation(text.trim());
      if (violation !== undefined) found.push([field, text, violation]);
    }
  };
  if (supplierId === "") found.push(["supplier_id", "", "is missing"]);
  else if (HIDDEN_OR_OUTER_SPACE.test(supplierId))
    found.push(["supplier_id", supplierId, "has invisible characters or outer white space; remove them"]);
  check("supplier_id", supplierId.replaceAll("\0", ""), MAX_SUPPLIER_ID_BYTES);
  check("name", name, MAX_SUPPLIER_NAME_BYTES);
  check("region", region, MAX_CATEGORY_BYTES);
  check("category", category, MAX_CATEGORY_BYTES);
  check("owner", owner, MAX_OWNER_BYTES);
  if (criticality === null)
    found.push(["criticality", "", "is not a criticality; expected low, normal, high or critical"]);
  return found;
}

function checkExposure(
  { exposure, currency, clearExposure }: MasterDataInput,
  policy: Pick<ImpactPolicy, "currency" | "exchangeRates">,
): Finding[] {
  const found: Finding[] = [];
  if (exposure === undefined) {
    if (currency !== "") found.push(["currency", currency, "is given without an exposure"]);
    return found;
  }
  if (clearExposure) found.push(["exposure", exposure, "is given together with clear_exposure"]);
  if (!(exposure >= 0 && exposure <= MAX_EXPOSURE))
    found.push(["exposure", exposure, "is not an amount of money from 0 to 10^15"]);
  if (currency === "") return found;
  if (!isCurrency(currency))
    found.push(["currency", currency, `is not a currency code of ISO 4217, for example ${policy.currency}`]);
  else if (exposureIn(policy, 1, currency) === null)
    found.push([
      "currency",
      currency,
      `has no exchange rate; give the exposure in ${policy.currency}, or add a rate under expected_impact.exchange_rates in risk_policy.yaml`,
    ]);
  return found;
}

function checkIdentifiers({ identifiers }: MasterDataInput): Finding[] {
  const found: Finding[] = [];
  const kinds = new Set<string>();
  if (identifiers.length > MAX_IDENTIFIERS)
    found.push(["identifiers", identifiers.length, `are more than ${MAX_IDENTIFIERS}`]);
  for (const { kind, value } of identifiers) {
    const field = `identifiers.${kind.slice(0, 32)}`;
    if (!KIND.test(kind))
      found.push(["identifiers", kind, 'is not a kind of identifier: 1 to 32 lower-case letters, digits, "_" and "-"']);
    else if (kinds.has(kind)) found.push([field, value, "is given twice"]);
    else if (Buffer.byteLength(value) > MAX_IDENTIFIER_BYTES || value.includes("\0"))
      found.push([
        field,
        value.replaceAll("\0", "\\0"),
        `is longer than ${MAX_IDENTIFIER_BYTES} bytes or has a NUL character`,
      ]);
    else if (value !== "" && identifierKey(value) === "") found.push([field, value, "has no letter or digit"]);
    else {
      const form = normalForm(kind, value);
      if ("reason" in form) found.push([field, value, form.reason]);
      else if (value !== "" && !REASON_PATTERN.test(value)) found.push([field, value, CONTROLS_REASON]);
      else if (hasOrderControls(form.value)) found.push([field, withShownControls(value), ORDER_CONTROLS_REASON]);
    }
    kinds.add(kind);
  }
  return found;
}

function checkRepeated(
  { supplierId, identifiers }: MasterDataInput,
  seen: { readonly suppliers: Set<string>; readonly identifiers: Map<string, string> },
): Finding[] {
  if (seen.suppliers.has(supplierId))
    return [["supplier_id", supplierId, "is also in an earlier row of this import; only the first one counts"]];
  const given = identifiers.filter(({ value }) => value !== "");
  const found = given.flatMap(({ kind, value, isShared }): Finding[] => {
    if (isShared) return [];
    const other = seen.identifiers.get(identityOf(kind, value));
    if (other === undefined) return [];
    return [[`identifiers.${kind}`, value, `also belongs to supplier ${JSON.stringify(other)} in an earlier row`]];
  });
  if (found.length > 0) return found;
  seen.suppliers.add(supplierId);
  for (const { kind, value, isShared } of given)
    if (!isShared) seen.identifiers.set(identityOf(kind, value), supplierId);
  return [];
}

/** Returns the text that is the same for identifiers that are the same. */
export function identityOf(kind: string, value: string): string {
  const form = normalForm(kind, value);
  return `${kind}/${identifierKey("value" in form ? form.value : value)}`;
}

/** Returns a valid identifier in the form in which it is stored. */
function storedIdentifier({ kind, value, isShared = false }: Identifier): Identifier {
  const form = normalForm(kind, value);
  return { kind, value: "value" in form ? form.value : value, isShared };
}

function changeOf(
  row: number,
  input: MasterDataInput,
  { currency: own }: Pick<ImpactPolicy, "currency">,
): MasterDataChange {
  const { supplierId, exposure, currency, clearExposure, owner, identifiers } = input;
  const shared = (text: string | undefined): string | null | undefined => (text === "" ? null : text);
  return {
    ...{ row, supplierId, identifiers: identifiers.map(storedIdentifier) },
    owner: owner?.trim(),
    name: shared(input.name),
    region: shared(input.region),
    category: shared(input.category),
    exposure:
      exposure !== undefined ? { amount: exposure, currency: currency || own } : clearExposure ? null : undefined,
    criticality: input.criticality ?? undefined,
  };
}
