import { foreignModels } from "@bellwether/testing/foreign-models";
import { ImportRejectedError } from "@bellwether/tree-model/trees/import-rejected-error";
import { describe, expect, test } from "vitest";
import { predictRows } from "../src/checks/agreement.ts";
import { readSourceModel } from "../src/source/source-model.ts";

const bytesOf = (name: string): Uint8Array =>
  foreignModels().find((file) => file.name === name)?.bytes ?? new Uint8Array();
const textOf = (name: string): string => new TextDecoder().decode(bytesOf(name));
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const ROWS = Float32Array.of(0.5, -1, 2, 0, -0.5, Number.NaN, 0.1, 1);
const answers = (bytes: Uint8Array): number[] => [...predictRows(readSourceModel(bytes).model, ROWS)];

/** Returns a text in UTF-16 with its byte order mark. */
function utf16(text: string, isLittle: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(2 + 2 * text.length));
  view.setUint16(0, 0xfeff, isLittle);
  for (let at = 0; at < text.length; at++) view.setUint16(2 + 2 * at, text.charCodeAt(at), isLittle);
  return new Uint8Array(view.buffer);
}

describe.each(["xgboost-classifier.model", "lightgbm-classifier.txt"])("a byte order mark before %s", (name) => {
  test.each([
    ["UTF-8", encode(`\ufeff${textOf(name)}`)],
    ["UTF-16, little-endian", utf16(textOf(name), true)],
    ["UTF-16, big-endian", utf16(textOf(name), false)],
  ])("in %s changes nothing", (_, bytes) => {
    expect(answers(bytes)).toEqual(answers(bytesOf(name)));
  });
});

describe("numbers that JSON does not have", () => {
  const json = textOf("xgboost-classifier.model");
  const first = (list: string, value: string): Uint8Array =>
    encode(json.replace(new RegExp(`"${list}":\\[[^,]*`), `"${list}":[${value}`));

  test.each(["Infinity", "-Infinity", "NaN"])("%s in a list that is not used changes nothing", (value) => {
    expect(answers(first("loss_changes", value))).toEqual(answers(bytesOf("xgboost-classifier.model")));
    expect(answers(first("base_weights", value))).toEqual(answers(bytesOf("xgboost-classifier.model")));
  });

  test.each(["Infinity", "NaN"])("%s in a list that is used is rejected", (value) => {
    expect(() => readSourceModel(first("split_conditions", value))).toThrow(ImportRejectedError);
    expect(() => readSourceModel(first("sum_hessian", value))).toThrow(ImportRejectedError);
  });

  test("the same words inside a string are not replaced", () => {
    const named = json
      .replace(/"feature_names":\[[^\]]*\]/, '"feature_names":["NaN","a Infinity, b","x\\"NaN","inf"]')
      .replace(/"loss_changes":\[[^,]*/, '"loss_changes":[NaN');
    expect(readSourceModel(encode(named)).columns.map((column) => column.name)).toEqual([
      "NaN",
      "a Infinity, b",
      'x"NaN',
      "inf",
    ]);
  });
});

describe("weights of dart trees", () => {
  /** Returns the classifier's JSON with `weight_drop` in the given objects. */
  const weighed = (places: Record<string, readonly number[]>): Uint8Array => {
    const file = JSON.parse(textOf("xgboost-classifier.model"));
    const booster = file.learner.gradient_booster;
    if (places.booster !== undefined) booster.weight_drop = places.booster;
    if (places.model !== undefined) booster.model.weight_drop = places.model;
    return encode(JSON.stringify(file));
  };
  const margin = (bytes: Uint8Array): number => {
    const { model } = readSourceModel(bytes);
    const [share = Number.NaN] = predictRows(model, ROWS.subarray(0, 4));
    return Math.log(share / (1 - share)) - (model.base[0] ?? 0);
  };

  test("have the same effect beside the booster's name and beside its trees", () => {
    const full = margin(bytesOf("xgboost-classifier.model"));
    expect(margin(weighed({ model: [0.5, 0.5] }))).toBeCloseTo(full / 2, 12);
    expect(margin(weighed({ booster: [0.5, 0.5] }))).toBeCloseTo(full / 2, 12);
    expect(margin(weighed({ booster: [0.5, 0.5], model: [0.5, 0.5] }))).toBeCloseTo(full / 2, 12);
  });

  test("are rejected when two lists differ", () => {
    const attempt = () => readSourceModel(weighed({ booster: [0.5, 0.5], model: [0.5, 1] }));
    expect(attempt).toThrow(/two lists of weight_drop that differ/);
  });
});
