import { type DescEnum, type DescField, getOption, hasOption } from "@bufbuild/protobuf";
import type { Path } from "@bufbuild/protobuf/reflect";
import { type FieldRules, field as fieldRules } from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";

/**
 * Returns the values of an enum that a field accepts, as words: "expected one of MITIGATED, ACCEPTED". Clients are never
 * shown the numbers of the values. Undefined: the field is not an enum.
 * @param path the path of the field that violates a rule of its enum
 */
export function expectedValues(path: Path): string | undefined {
  const field = path.findLast((step) => step.kind === "field");
  const described = field && enumOf(field);
  if (field === undefined || described === undefined) return undefined;
  const rules = rulesOf(field);
  const [only, notIn] = [rules?.in ?? [], rules?.notIn ?? []];
  const allowed = described.values.filter(
    ({ number }) => (only.length === 0 || only.includes(number)) && !notIn.includes(number),
  );
  const words = allowed.filter(({ number }) => number !== 0).map(({ localName }) => localName);
  const isOptional = words.length < allowed.length;
  return `expected one of ${words.join(", ")}${isOptional ? ", or nothing" : ""}`;
}

function enumOf(field: DescField): DescEnum | undefined {
  return field.fieldKind === "enum" || (field.fieldKind === "list" && field.listKind === "enum")
    ? field.enum
    : undefined;
}

function rulesOf(field: DescField) {
  let rules: FieldRules | undefined = hasOption(field, fieldRules) ? getOption(field, fieldRules) : undefined;
  if (rules?.type.case === "repeated") rules = rules.type.value.items;
  return rules?.type.case === "enum" ? rules.type.value : undefined;
}
