import { EraseSubjectRequestSchema } from "@bellwether/gen/bellwether/ops/v1/audit_service_pb";
import { SupersedeRunRequestSchema } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { SetDelegationRequestSchema } from "@bellwether/gen/bellwether/ops/v1/delegation_service_pb";
import { ActivateRuleDraftRequestSchema } from "@bellwether/gen/bellwether/ops/v1/rule_service_pb";
import { EndSessionsRequestSchema } from "@bellwether/gen/bellwether/ops/v1/session_service_pb";
import { UndoMergeRequestSchema } from "@bellwether/gen/bellwether/ops/v1/supplier_merge_service_pb";
import {
  ApprovePromotionRequestSchema,
  RemoveVersionRequestSchema,
  SetAliasRequestSchema,
} from "@bellwether/gen/bellwether/registry/v1/model_publishing_service_pb";
import { TriggerRetrainRequestSchema } from "@bellwether/gen/bellwether/schedule/v1/schedule_service_pb";
import { type DescField, getOption } from "@bufbuild/protobuf";
import { field as fieldOption } from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import { expect, test } from "vitest";
import {
  MAX_ABSENCE_REASON_BYTES,
  MAX_MODEL_REASON_BYTES,
  MAX_REASON_BYTES,
  reason,
  reasonUpTo,
} from "./parse-option.ts";

const bytesOf = (field: DescField): number => {
  const { type } = getOption(field, fieldOption);
  return type.case === "string" ? Number(type.value.maxBytes) : 0;
};

test("an option takes the reasons that the contract takes", () => {
  const most = [EraseSubjectRequestSchema, SupersedeRunRequestSchema, ActivateRuleDraftRequestSchema];
  for (const { field } of [...most, UndoMergeRequestSchema, TriggerRetrainRequestSchema])
    expect(bytesOf(field.reason)).toBe(MAX_REASON_BYTES);
  for (const { field } of [SetDelegationRequestSchema, EndSessionsRequestSchema])
    expect(bytesOf(field.reason)).toBe(MAX_ABSENCE_REASON_BYTES);
  for (const { field } of [SetAliasRequestSchema, ApprovePromotionRequestSchema, RemoveVersionRequestSchema])
    expect(bytesOf(field.reason)).toBe(MAX_MODEL_REASON_BYTES);
});

test("a reason is measured in bytes of UTF-8", () => {
  expect(reason(` ${"x".repeat(2_000)} `)).toHaveLength(2_000);
  expect(reasonUpTo(4)("ää")).toBe("ää");
  for (const wrong of ["x".repeat(2_001), "ä".repeat(1_001), "", " ", "two\nlines"])
    expect(() => reason(wrong)).toThrow(/expected a reason of 1 to 2,000 bytes in UTF-8 in one line/);
  expect(() => reasonUpTo(4)("ääx")).toThrow("1 to 4 bytes");
});
