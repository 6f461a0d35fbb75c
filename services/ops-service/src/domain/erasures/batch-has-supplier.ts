import { isObject } from "../replay/json-object.ts";
import type { ReadBatch } from "../replay/recorded-decision.ts";

/**
 * Whether the payload of a batch has a supplier. A batch that cannot be read although its bytes have the id counts as one that has the
 * supplier.
 * @param payload JSON object of an event "batch.served"
 */
export function batchHasSupplier(payload: string, supplierId: string, readBatch: ReadBatch): boolean {
  const recorded: unknown = JSON.parse(payload);
  if (!isObject(recorded) || !isObject(recorded.input)) return false;
  const { message, bytes } = recorded.input;
  if (typeof message !== "string" || typeof bytes !== "string") return false;
  const decoded = Buffer.from(bytes, "base64");
  // Most batches do not have the supplier, which the bytes of its id show without decoding the message.
  if (!decoded.includes(supplierId)) return false;
  const suppliers = readBatch(message, decoded);
  return suppliers === undefined || suppliers.some((supplier) => supplier.supplierId === supplierId);
}
