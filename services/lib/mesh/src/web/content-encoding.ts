import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

export type ContentEncoding = "br" | "gzip";

/** Minimum size of an answer that is compressed: a smaller one does not become smaller. */
const MIN_BYTES = 1_024;
/** Brotli quality, from 0 to 11: as fast as gzip at this level, and smaller. */
const BROTLI_QUALITY = 4;

const ENCODE: Readonly<Record<ContentEncoding, (bytes: Buffer) => Promise<Buffer>>> = {
  br: (bytes) => promisify(brotliCompress)(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } }),
  gzip: (bytes) => promisify<Buffer, Buffer>(gzip)(bytes),
};

/**
 * Returns the encoding that a client prefers by its `Accept-Encoding` (RFC 9110, 12.5.3); brotli when the
 * client has no preference.
 */
export function acceptedEncoding(accept: string | undefined): ContentEncoding | undefined {
  if (accept === undefined) return undefined;
  const weights = new Map(
    accept.split(",").map((part): [string, number] => {
      const [name = "", ...parameters] = part.split(";").map((text) => text.trim().toLowerCase());
      const weight = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
      return [name, weight === undefined ? 1 : Number(weight) || 0];
    }),
  );
  const weightOf = (name: ContentEncoding): number => weights.get(name) ?? weights.get("*") ?? 0;
  const [br, gz] = [weightOf("br"), weightOf("gzip")];
  if (br <= 0 && gz <= 0) return undefined;
  return br >= gz ? "br" : "gzip";
}

/**
 * Returns the text in the encoding that the client prefers; undefined: the text is too small, or the client
 * accepts no encoding.
 */
export async function encodeText(
  text: string,
  accept: string | undefined,
): Promise<{ readonly encoding: ContentEncoding; readonly bytes: Buffer } | undefined> {
  if (text.length < MIN_BYTES) return undefined;
  const encoding = acceptedEncoding(accept);
  return encoding && { encoding, bytes: await ENCODE[encoding](Buffer.from(text)) };
}
