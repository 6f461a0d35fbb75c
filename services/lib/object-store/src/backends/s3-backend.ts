import type { CompletedPart, GetObjectCommandOutput, S3Client, S3ClientConfig } from "@aws-sdk/client-s3";
import type { S3Location } from "../location/store-url.ts";
import type { ObjectInfo, WriteCondition } from "../object-store.ts";
import { ObjectChangedError, ObjectConditionError, ObjectNotFoundError, StoreRejectedError } from "../store-error.ts";
import type { Backend, OpenObject, ReadRange, Upload, WriteDetails } from "./backend.ts";
import { closingChunks } from "./closing-chunks.ts";
import { s3ErrorOf } from "./s3-error.ts";

const PART_BYTES = 8 * 1024 * 1024;
/** Maximum number of parts of an object, of S3. */
const MAX_PARTS = 10_000;
const PAGE = 1_000;
const WRITE_ID = "bellwether-write-id";
/** Region of signatures for stores that have no regions. */
const ANY_REGION = "us-east-1";

/**
 * Objects in a bucket of S3, or of a store with its protocol. The SDK finds the credentials: environment, profile, web identity,
 * container or machine. Checksums that only AWS knows are not sent.
 */
export async function createS3Backend(location: S3Location): Promise<Backend> {
  const sdk = await import("@aws-sdk/client-s3");
  const { bucket: Bucket, endpoint } = location;
  const region = location.region ?? (endpoint === null ? null : await regionOfEnvironment(sdk.S3Client));
  const client = new sdk.S3Client({
    ...(region !== null && { region }),
    ...(endpoint !== null && { endpoint }),
    forcePathStyle: location.isPathStyle,
    // `createStore` repeats calls.
    maxAttempts: 1,
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
  });
  const placeOf = (key: string): string => `s3://${Bucket}/${key}`;
  const call = async <T>(key: string, send: () => Promise<T>): Promise<T> => {
    try {
      return await send();
    } catch (error) {
      throw s3ErrorOf(error, placeOf(key));
    }
  };
  const head = (key: string, abortSignal: AbortSignal) =>
    call(key, async () => {
      const found = await client.send(new sdk.HeadObjectCommand({ Bucket, Key: key }), { abortSignal });
      const info: ObjectInfo = {
        ...{ key, etag: bare(found.ETag), bytes: found.ContentLength ?? 0 },
        modifiedAt: found.LastModified ?? null,
      };
      return { info, writeId: found.Metadata?.[WRITE_ID] };
    });
  const details = ({ contentType, writeId }: WriteDetails) => ({
    ContentType: contentType,
    Metadata: { [WRITE_ID]: writeId },
  });

  return {
    partBytes: PART_BYTES,
    head: async (key, signal) => (await head(key, signal)).info,
    open: (key, range, abortSignal) =>
      call(key, async () => {
        const input = {
          Bucket,
          Key: key,
          ...rangeInput(range),
          ...(range.etag !== null && { IfMatch: quoted(range.etag) }),
        };
        try {
          return openedOf(key, placeOf(key), await client.send(new sdk.GetObjectCommand(input), { abortSignal }));
        } catch (error) {
          const known = s3ErrorOf(error, placeOf(key));
          throw known instanceof ObjectConditionError ? new ObjectChangedError(placeOf(key)) : known;
        }
      }),
    put: (key, bytes, write, abortSignal) =>
      call(key, async () => {
        const input = { Bucket, Key: key, Body: bytes, ...details(write), ...conditionInput(write.condition) };
        const { ETag } = await client.send(new sdk.PutObjectCommand(input), { abortSignal });
        return { key, etag: bare(ETag), bytes: bytes.length, modifiedAt: null };
      }),
    startUpload: (key, write, abortSignal) =>
      call(key, async () => {
        const input = { Bucket, Key: key, ...details(write) };
        const { UploadId } = await client.send(new sdk.CreateMultipartUploadCommand(input), { abortSignal });
        const target = { Bucket, Key: key, UploadId };
        const parts: CompletedPart[] = [];
        let bytesSent = 0;
        return {
          part: (index, bytes, signal) =>
            call(key, async () => {
              if (index >= MAX_PARTS)
                throw new StoreRejectedError(placeOf(key), `more than ${MAX_PARTS} parts of ${PART_BYTES} bytes`);
              const part = new sdk.UploadPartCommand({ ...target, PartNumber: index + 1, Body: bytes });
              const { ETag } = await client.send(part, { abortSignal: signal });
              if (parts[index] === undefined) bytesSent += bytes.length;
              parts[index] = { PartNumber: index + 1, ...(ETag !== undefined && { ETag }) };
            }),
          complete: (signal) =>
            call(key, async () => {
              const whole = { ...target, MultipartUpload: { Parts: parts }, ...conditionInput(write.condition) };
              const { ETag } = await client.send(new sdk.CompleteMultipartUploadCommand(whole), {
                abortSignal: signal,
              });
              return { key, etag: bare(ETag), bytes: bytesSent, modifiedAt: null };
            }),
          abort: (signal) =>
            call(key, async () => {
              await client.send(new sdk.AbortMultipartUploadCommand(target), { abortSignal: signal });
            }),
        } satisfies Upload;
      }),
    async findWritten(key, writeId, signal) {
      const found = await head(key, signal).catch((error: unknown) => {
        if (error instanceof ObjectNotFoundError) return null;
        throw error;
      });
      return found !== null && found.writeId === writeId ? found.info : null;
    },
    list: (prefix, after, abortSignal) =>
      call(prefix, async () => {
        const input = { Bucket, Prefix: prefix, MaxKeys: PAGE, ...(after !== null && { ContinuationToken: after }) };
        const page = await client.send(new sdk.ListObjectsV2Command(input), { abortSignal });
        const objects = (page.Contents ?? []).flatMap(({ Key, ETag, Size, LastModified }): ObjectInfo[] =>
          // A key that ends with "/" is the folder of a console.
          Key === undefined || Key.endsWith("/")
            ? []
            : [{ key: Key, etag: bare(ETag), bytes: Size ?? 0, modifiedAt: LastModified ?? null }],
        );
        return { objects, next: (page.IsTruncated && page.NextContinuationToken) || null };
      }),
    folders: (prefix, after, abortSignal) =>
      call(prefix, async () => {
        const next = after !== null && { ContinuationToken: after };
        const input = { Bucket, Prefix: prefix, Delimiter: "/", MaxKeys: PAGE, ...next };
        const page = await client.send(new sdk.ListObjectsV2Command(input), { abortSignal });
        const folders = (page.CommonPrefixes ?? []).flatMap(({ Prefix }) => (Prefix === undefined ? [] : [Prefix]));
        return { folders, next: (page.IsTruncated && page.NextContinuationToken) || null };
      }),
    delete: (key, etag, abortSignal) =>
      call(key, async () => {
        if (etag !== null) {
          // Not every store knows the condition of a deletion, so the tag is compared before too.
          const found = await head(key, abortSignal).catch((error: unknown) => {
            if (error instanceof ObjectNotFoundError) return null;
            throw error;
          });
          if (found?.info.etag !== etag) throw new ObjectConditionError(placeOf(key));
        }
        const input = { Bucket, Key: key, ...(etag !== null && { IfMatch: quoted(etag) }) };
        await client.send(new sdk.DeleteObjectCommand(input), { abortSignal });
      }),
    async close() {
      client.destroy();
    },
  };
}

/** Returns the region of the environment or the profile, for an endpoint that may need none. */
async function regionOfEnvironment(Client: new (config: S3ClientConfig) => S3Client): Promise<string> {
  const client = new Client({});
  try {
    return await client.config.region();
  } catch {
    return ANY_REGION;
  } finally {
    client.destroy();
  }
}

function openedOf(key: string, place: string, found: GetObjectCommandOutput): OpenObject {
  const { Body, ETag, ContentLength, ContentRange, LastModified } = found;
  if (Body === undefined || !(Symbol.asyncIterator in Body))
    throw new StoreRejectedError(place, "an answer without content");
  const total = /\/(\d+)$/.exec(ContentRange ?? "")?.[1];
  const bytes = total === undefined ? (ContentLength ?? 0) : Number(total);
  const body = Body;
  async function* chunks(): AsyncGenerator<Uint8Array, void, void> {
    try {
      yield* body as AsyncIterable<Uint8Array>;
    } catch (error) {
      throw s3ErrorOf(error, place);
    }
  }
  const close = (): void => void ("destroy" in body && typeof body.destroy === "function" && body.destroy());
  return {
    info: { key, etag: bare(ETag), bytes, modifiedAt: LastModified ?? null },
    chunks: closingChunks(chunks(), close),
  };
}

const bare = (etag: string | undefined): string => (etag ?? "").replace(/^"|"$/g, "");
const quoted = (etag: string): string => `"${etag}"`;

function conditionInput(condition: WriteCondition | null): { IfNoneMatch?: string; IfMatch?: string } {
  if (condition === null) return {};
  return "absent" in condition ? { IfNoneMatch: "*" } : { IfMatch: quoted(condition.etag) };
}

/** No range for a whole object: an empty one has no first byte. */
function rangeInput({ start, end }: ReadRange): { Range?: string } {
  if (start === 0 && end === null) return {};
  return { Range: `bytes=${start}-${end === null ? "" : end - 1}` };
}
