import { parseAlertRules, type RuleSet, ruleSetsOf } from "@bellwether/config/alert-rules";
import { ConfigError } from "@bellwether/config/config-error";
import { parseYaml } from "@bellwether/config/yaml-file";
import { RuleService } from "@bellwether/gen/bellwether/ops/v1/rule_service_pb";
import { createClient, type Transport } from "@connectrpc/connect";
import { PeerRejectedError, PeerUnavailableError } from "../domain/scheduler-error.ts";
import { callPeer } from "./peer-error.ts";

const READ_TIMEOUT_MS = 5_000;

/**
 * Creates a function that returns the active alert rules of a model, with ops-service behind it. Rules that ops-service does not
 * return, or that have a form of a later release, are left out: the caller only compares what it knows.
 */
export function createActiveRules(
  transport: Transport,
  modelName: string,
): (signal: AbortSignal) => Promise<readonly RuleSet[]> {
  const rules = createClient(RuleService, transport);
  const list = async (name: string, signal: AbortSignal) => {
    const call = rules.listRuleSets({ modelName: name }, { signal, timeoutMs: READ_TIMEOUT_MS });
    const { ruleSets } = await callPeer("ops-service", call);
    // Without a name, the sets of all models are listed, those of the default model first.
    const [first] = ruleSets;
    return ruleSets.flatMap((set) =>
      set.modelName === first?.modelName && set.rulesYaml !== "" ? readRules(set.rulesYaml) : [],
    );
  };
  return async (signal) => {
    // A model without rules of its own has those of the default model.
    for (const name of [modelName, ""])
      try {
        return await list(name, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof PeerUnavailableError) return [];
        if (!(error instanceof PeerRejectedError)) throw error;
      }
    return [];
  };
}

function readRules(yaml: string): readonly RuleSet[] {
  try {
    return ruleSetsOf(parseAlertRules(parseYaml(yaml, "alert rules")));
  } catch (error) {
    if (error instanceof ConfigError) return [];
    throw error;
  }
}
