import { parseAlertRules } from "@bellwether/config/alert-rules";
import { ruleSetYaml } from "@bellwether/config/rule-set-yaml";
import { parseYaml } from "@bellwether/config/yaml-file";
import { RuleService } from "@bellwether/gen/bellwether/ops/v1/rule_service_pb";
import { Code, ConnectError, createRouterTransport } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { createActiveRules } from "./active-rules.ts";

const rulesYaml = (id: string): string =>
  ruleSetYaml(
    parseAlertRules(
      parseYaml(
        `version: 1
id: ${id}
cool_down_weeks: 2
score_threshold: { id: ${id}-score, raise: 0.7, runs_to_raise: 2, critical: 0.8, clear: 0.1, runs_to_clear: 2 }
weekly_capacity: { id: ${id}-capacity, suppliers: 10, min_lift: 1.0, keep_within: 20 }
`,
        "alert_rules.yaml",
      ),
    ),
  );
const set = (modelName: string, setId: string, yaml = rulesYaml(setId)) => ({ modelName, setId, rulesYaml: yaml });

/** Lists the ids of the active rule sets of "late". @param answer the sets that ops-service lists for a model */
async function idsOf(answer: (modelName: string) => ReturnType<typeof set>[], signal = new AbortController().signal) {
  const transport = createRouterTransport(({ service }) => {
    service(RuleService, { listRuleSets: ({ modelName }) => ({ ruleSets: answer(modelName) }) });
  });
  return (await createActiveRules(transport, "late")(signal)).map(({ id }) => id);
}

test("the sets of the model are read, without drafts and without sets of a form that is not known", async () => {
  const ids = await idsOf(() => [set("late", "one"), set("late", "draft", ""), set("late", "later", "version: 9\n")]);
  expect(ids).toEqual(["one"]);
});

test("a model without rules of its own has those of the default model", async () => {
  const ids = await idsOf((name) => {
    if (name !== "") throw new ConnectError("no rules of its own", Code.NotFound);
    return [set("first", "default"), set("first", "emea"), set("second", "other")];
  });
  expect(ids).toEqual(["default", "emea"]);
});

test.each([Code.Unavailable, Code.Unimplemented, Code.PermissionDenied])(
  "rules that cannot be read (code %i) are not known",
  async (code) => {
    const ids = await idsOf(() => {
      throw new ConnectError("no", code);
    });
    expect(ids).toEqual([]);
  },
);

test("a stopped check reads none", async () => {
  await expect(idsOf(() => [], AbortSignal.abort(new Error("stopped")))).rejects.toThrow("stopped");
});
