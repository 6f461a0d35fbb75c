/**
 * Whether a client accepts one of the media types by its `Accept` (RFC 9110, 12.5.1). A client without the header
 * accepts all. The most specific range of a type counts; one with the weight 0 excludes it.
 */
export function accepts(accept: string | undefined, types: readonly string[]): boolean {
  if (accept === undefined || accept.trim() === "") return true;
  const weights = new Map(
    accept.split(",").map((part): [string, number] => {
      const [range = "", ...parameters] = part.split(";").map((text) => text.trim().toLowerCase());
      const weight = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
      return [range, weight === undefined ? 1 : Number(weight) || 0];
    }),
  );
  return types.some(
    (type) => (weights.get(type) ?? weights.get(type.replace(/\/.*/, "/*")) ?? weights.get("*/*") ?? 0) > 0,
  );
}
