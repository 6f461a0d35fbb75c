import { pathToFileURL } from "node:url";
import type { EventDestination } from "../domain/audit-ports.ts";

/**
 * Loads a file whose default export opens a sink: `export default async function open(): Promise<EventDestination>`.
 * @param file absolute path
 * @throws Error with one line that names the file and what is wrong
 */
export async function loadModule(file: string): Promise<() => unknown> {
  const loaded: { readonly default?: unknown } = await import(pathToFileURL(file).href).catch((cause: unknown) => {
    throw new Error(`${file} cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}`);
  });
  const open = loaded.default;
  if (typeof open !== "function") throw new Error(`${file} has no function as its default export`);
  return () => open();
}

/** Opens the sink of a file. @throws Error as above, and what the file throws */
export async function openModule(file: string): Promise<EventDestination> {
  const open = await loadModule(file);
  const destination: unknown = await open();
  if (!isDestination(destination))
    throw new Error(`${file}: what its default export returns needs maxEvents (from 1), send and close`);
  return destination;
}

function isDestination(value: unknown): value is EventDestination {
  if (typeof value !== "object" || value === null) return false;
  const { maxEvents, send, close } = value as Partial<Record<keyof EventDestination, unknown>>;
  return (
    Number.isSafeInteger(maxEvents) &&
    Number(maxEvents) >= 1 &&
    typeof send === "function" &&
    typeof close === "function"
  );
}
