import { approvePromotion } from "../src/publish/decide-promotion.ts";

// Approves a result: a program that a test kills while it does so. Arguments: registry, model, id of the result.

const [root = "", modelName = "", gateId = ""] = process.argv.slice(2);
await approvePromotion(
  root,
  { modelName, version: "v2", gateId, decidedBy: "killed", reason: "approved by a killed process", now: new Date() },
  async () => {
    process.stdout.write("checking\n");
  },
);
