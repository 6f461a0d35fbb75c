import { type DescField, getOption, hasOption, ScalarType } from "@bufbuild/protobuf";
import { type FieldRules, field as fieldRules } from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";

/** The range of a number: whole, and its bounds, each with whether it is itself allowed. */
interface NumberRange {
  readonly isWhole: boolean;
  readonly least?: Bound;
  readonly most?: Bound;
}

interface Bound {
  readonly value: number | bigint;
  readonly isAllowed: boolean;
}

/**
 * Returns the expected form of a number in words, for example "a whole number from 0 to 200": by the rules of the
 * contract or, where there are none, by the type. Of a list or a map, it is the form of one value.
 */
export function expectedNumber(field: DescField): string {
  const { isWhole, least, most } = rangeOf(field);
  if (field.scalar === ScalarType.FLOAT && !least && !most) return "a number within float32";
  const noun = isWhole ? "a whole number" : "a number";
  if (least?.isAllowed && most?.isAllowed) return `${noun} from ${least.value} to ${most.value}`;
  const limits = [
    least && `${least.isAllowed ? "of at least" : "greater than"} ${least.value}`,
    most && `${most.isAllowed ? "of at most" : "less than"} ${most.value}`,
  ].filter((limit) => limit !== undefined);
  return limits.length === 0 ? noun : `${noun} ${limits.join(" and ")}`;
}

function rangeOf(field: DescField): NumberRange {
  const ofType = typeRange(field.scalar);
  const rules = valueRules(field);
  if (rules === undefined || !("lessThan" in rules)) return ofType;
  const { lessThan, greaterThan } = rules;
  const { isWhole } = ofType;
  const least = boundOf(greaterThan.value, greaterThan.case === "gte", isWhole && 1);
  const most = boundOf(lessThan.value, lessThan.case === "lte", isWhole && -1);
  return { ...ofType, ...(least && { least }), ...(most && { most }) };
}

/** The bound of a whole number is the next one that is allowed. Undefined: there is none. */
function boundOf(value: unknown, isAllowed: boolean, step: number | false): Bound | undefined {
  if (typeof value !== "number" && typeof value !== "bigint") return undefined;
  if (isAllowed || step === false) return { value, isAllowed };
  return { value: typeof value === "bigint" ? value + BigInt(step) : value + step, isAllowed: true };
}

/** Returns the rules of a number. Undefined: the field has none. */
function valueRules(field: DescField): FieldRules["type"]["value"] {
  let rules: FieldRules | undefined = hasOption(field, fieldRules) ? getOption(field, fieldRules) : undefined;
  if (rules?.type.case === "repeated") rules = rules.type.value.items;
  else if (rules?.type.case === "map") rules = rules.type.value.values;
  return rules?.type.value;
}

function typeRange(scalar: ScalarType | undefined): NumberRange {
  const allowed = (least: bigint, most: bigint): NumberRange => ({
    isWhole: true,
    least: { value: least, isAllowed: true },
    most: { value: most, isAllowed: true },
  });
  switch (scalar) {
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return { isWhole: false };
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return allowed(-(2n ** 31n), 2n ** 31n - 1n);
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return allowed(0n, 2n ** 32n - 1n);
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return allowed(0n, 2n ** 64n - 1n);
    default:
      return allowed(-(2n ** 63n), 2n ** 63n - 1n);
  }
}
