import { create, type DescMethod } from "@bufbuild/protobuf";
import { pathToString } from "@bufbuild/protobuf/reflect";
import { createValidator } from "@bufbuild/protovalidate";
import type { Policy } from "../policy.ts";
import { invalidRequest } from "../refusal.ts";

/** Holds every inbound message against its protovalidate rules: INVALID_ARGUMENT with google.rpc.BadRequest, one entry per field. */
export function validationPolicy(methods: readonly DescMethod[]): Policy {
  const validator = createValidator({ regexMatch: createMatcher() });
  // Rules are compiled when a message is first seen, the first ones for 100 ms and more: now, not in somebody's call.
  for (const { input } of methods) validator.validate(input, create(input));
  return {
    message(call, message) {
      const result = validator.validate(call.method.input, message);
      if (result.kind === "valid") return;
      if (result.kind === "error") throw result.error;
      throw invalidRequest(
        result.violations.map(({ field, message: description }) => ({ field: pathToString(field), description })),
      );
    },
  };
}

/**
 * Patterns stand in our own contracts, not in messages, and none of them backtracks: the engine's RegExp matches them some fifty
 * times faster than RE2 in JavaScript.
 */
function createMatcher(): (pattern: string, against: string) => boolean {
  const compiled = new Map<string, RegExp>();
  return (pattern, against) => {
    const regExp = compiled.get(pattern) ?? new RegExp(pattern, "u");
    compiled.set(pattern, regExp);
    return regExp.test(against);
  };
}
