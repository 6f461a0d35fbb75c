import type {
  BlobRequestConditions,
  ContainerClient,
  ContainerListBlobFlatSegmentResponse,
  ContainerListBlobHierarchySegmentResponse,
  StoragePipelineOptions,
} from "@azure/storage-blob";
import type { AzureLocation } from "../location/store-url.ts";
import type { ObjectInfo, WriteCondition } from "../object-store.ts";
import {
  ObjectChangedError,
  ObjectConditionError,
  ObjectNotFoundError,
  StoreRejectedError,
  StoreSettingsError,
} from "../store-error.ts";
import type { AzureCredentials } from "./azure-credentials.ts";
import { azureErrorOf } from "./azure-error.ts";
import type { Backend, Upload, WriteDetails } from "./backend.ts";
import { closingChunks } from "./closing-chunks.ts";

const PART_BYTES = 8 * 1024 * 1024;
/** Maximum number of blocks of a blob, of Azure. */
const MAX_PARTS = 50_000;
const PAGE = 1_000;
/** Names of Azure's metadata are identifiers of C#. */
const WRITE_ID = "bellwether_write_id";

/** Objects as block blobs in a container of Azure. */
export async function createAzureBackend(location: AzureLocation, credentials: AzureCredentials): Promise<Backend> {
  const container = await openContainer(location, credentials);
  const placeOf = (key: string): string => `azure://${location.container}/${key}`;
  const call = async <T>(key: string, send: () => Promise<T>): Promise<T> => {
    try {
      return await send();
    } catch (error) {
      throw azureErrorOf(error, placeOf(key));
    }
  };
  const head = (key: string, abortSignal: AbortSignal) =>
    call(key, async () => {
      const found = await container.getBlobClient(key).getProperties({ abortSignal });
      const info = infoOf(key, found.etag, found.contentLength ?? 0, found.lastModified);
      return { info, writeId: found.metadata?.[WRITE_ID] };
    });
  const headOrNull = (key: string, signal: AbortSignal) =>
    head(key, signal).catch((error: unknown) => {
      if (error instanceof ObjectNotFoundError) return null;
      throw error;
    });
  const stored = ({ condition, contentType, writeId }: WriteDetails, abortSignal: AbortSignal) => ({
    conditions: conditionsOf(condition),
    blobHTTPHeaders: { blobContentType: contentType },
    metadata: { [WRITE_ID]: writeId },
    abortSignal,
  });

  return {
    partBytes: PART_BYTES,
    head: async (key, signal) => (await head(key, signal)).info,
    open: (key, { start, end, etag }, abortSignal) =>
      call(key, async () => {
        const options = {
          abortSignal,
          maxRetryRequests: 0,
          ...(etag !== null && { conditions: { ifMatch: quoted(etag) } }),
        };
        const count = end === null ? undefined : end - start;
        const found = await container
          .getBlobClient(key)
          .download(start, count, options)
          .catch((error: unknown) => {
            const known = azureErrorOf(error, placeOf(key));
            throw known instanceof ObjectConditionError ? new ObjectChangedError(placeOf(key)) : known;
          });
        const body = found.readableStreamBody;
        if (body === undefined) throw new StoreRejectedError(placeOf(key), "an answer without content");
        const total = /\/(\d+)$/.exec(found.contentRange ?? "")?.[1];
        async function* chunks(from: AsyncIterable<unknown>): AsyncGenerator<Uint8Array, void, void> {
          try {
            for await (const chunk of from)
              yield typeof chunk === "string" ? Buffer.from(chunk) : (chunk as Uint8Array);
          } catch (error) {
            throw azureErrorOf(error, placeOf(key));
          }
        }
        const close = (): void => void ("destroy" in body && typeof body.destroy === "function" && body.destroy());
        const bytes = total === undefined ? (found.contentLength ?? 0) : Number(total);
        return {
          info: infoOf(key, found.etag, bytes, found.lastModified),
          chunks: closingChunks(chunks(body as AsyncIterable<unknown>), close),
        };
      }),
    put: (key, bytes, details, signal) =>
      call(key, async () => {
        const blob = container.getBlockBlobClient(key);
        const { etag, lastModified } = await blob.upload(Buffer.from(bytes), bytes.length, stored(details, signal));
        return infoOf(key, etag, bytes.length, lastModified);
      }),
    startUpload: async (key, details) => {
      const blob = container.getBlockBlobClient(key);
      const ids: string[] = [];
      let bytesSent = 0;
      return {
        part: (index, bytes, abortSignal) =>
          call(key, async () => {
            if (index >= MAX_PARTS)
              throw new StoreRejectedError(placeOf(key), `more than ${MAX_PARTS} parts of ${PART_BYTES} bytes`);
            // All ids of a blob have the same length. The write's own id keeps the blocks of two writers apart.
            const id = Buffer.from(`${details.writeId}-${String(index).padStart(6, "0")}`).toString("base64");
            await blob.stageBlock(id, Buffer.from(bytes), bytes.length, { abortSignal });
            if (ids[index] === undefined) bytesSent += bytes.length;
            ids[index] = id;
          }),
        complete: (signal) =>
          call(key, async () => {
            const { etag, lastModified } = await blob.commitBlockList(ids, stored(details, signal));
            return infoOf(key, etag, bytesSent, lastModified);
          }),
        // Azure removes blocks that were not committed after a week.
        abort: () => Promise.resolve(),
      } satisfies Upload;
    },
    async findWritten(key, writeId, signal) {
      const found = await headOrNull(key, signal);
      return found !== null && found.writeId === writeId ? found.info : null;
    },
    list: (prefix, after, abortSignal) =>
      call(prefix, async () => {
        const pages = container
          .listBlobsFlat({ prefix, abortSignal })
          .byPage({ maxPageSize: PAGE, ...(after !== null && { continuationToken: after }) });
        const { value }: { value?: ContainerListBlobFlatSegmentResponse } = await pages.next();
        const items = value?.segment.blobItems ?? [];
        const objects = items.map(({ name, properties }) =>
          infoOf(name, properties.etag, properties.contentLength ?? 0, properties.lastModified),
        );
        return { objects, next: value?.continuationToken || null };
      }),
    folders: (prefix, after, abortSignal) =>
      call(prefix, async () => {
        const pages = container
          .listBlobsByHierarchy("/", { prefix, abortSignal })
          .byPage({ maxPageSize: PAGE, ...(after !== null && { continuationToken: after }) });
        const { value }: { value?: ContainerListBlobHierarchySegmentResponse } = await pages.next();
        const folders = (value?.segment.blobPrefixes ?? []).map(({ name }) => name);
        return { folders, next: value?.continuationToken || null };
      }),
    delete: (key, etag, abortSignal) =>
      call(key, async () => {
        const conditions = etag === null ? {} : { conditions: { ifMatch: quoted(etag) } };
        try {
          await container.getBlobClient(key).delete({ abortSignal, ...conditions });
        } catch (error) {
          const known = azureErrorOf(error, placeOf(key));
          if (!(known instanceof ObjectNotFoundError)) throw known;
          if (etag !== null) throw new ObjectConditionError(placeOf(key));
        }
      }),
    close: () => Promise.resolve(),
  };
}

async function openContainer(location: AzureLocation, credentials: AzureCredentials): Promise<ContainerClient> {
  const sdk = await import("@azure/storage-blob");
  // `createStore` repeats calls.
  const options: StoragePipelineOptions = { retryOptions: { maxTries: 1 } };
  const { connectionString, accountKey, sasToken } = credentials;
  const settings = (problem: string) => new StoreSettingsError(location.address, problem);
  if (connectionString !== null) {
    if (location.account !== null || location.endpoint !== null)
      throw settings("AZURE_STORAGE_CONNECTION_STRING has account and endpoint; remove them from the URL");
    try {
      return new sdk.ContainerClient(connectionString.reveal(), location.container, options);
    } catch {
      // The client's error can quote the string.
      throw settings("AZURE_STORAGE_CONNECTION_STRING is not a connection string of a storage account");
    }
  }
  const account = location.account ?? credentials.account;
  if (account === null && location.endpoint === null)
    throw settings("no storage account is set; add ?account=NAME to the URL, or set AZURE_STORAGE_ACCOUNT");
  const endpoint = location.endpoint ?? `https://${account}.blob.core.windows.net`;
  const url = `${endpoint}/${location.container}`;
  if (accountKey !== null) {
    if (account === null) throw settings("AZURE_STORAGE_KEY needs ?account=NAME in the URL, or AZURE_STORAGE_ACCOUNT");
    return new sdk.ContainerClient(url, new sdk.StorageSharedKeyCredential(account, accountKey.reveal()), options);
  }
  if (!url.startsWith("https:") && !/^http:\/\/(127\.0\.0\.1|localhost|\[::1\])[:/]/.test(url))
    throw settings("tokens and signatures are only sent to https endpoints; use one, or AZURE_STORAGE_KEY");
  if (sasToken !== null) {
    const signed = `${url}?${sasToken.reveal().replace(/^\?/, "")}`;
    return new sdk.ContainerClient(signed, new sdk.AnonymousCredential(), options);
  }
  const { DefaultAzureCredential } = await import("@azure/identity");
  return new sdk.ContainerClient(url, new DefaultAzureCredential(), options);
}

const bare = (etag: string | undefined): string => (etag ?? "").replace(/^"|"$/g, "");
const quoted = (etag: string): string => `"${etag}"`;

const infoOf = (key: string, etag: string | undefined, bytes: number, modifiedAt: Date | undefined): ObjectInfo => ({
  ...{ key, etag: bare(etag), bytes, modifiedAt: modifiedAt ?? null },
});

function conditionsOf(condition: WriteCondition | null): BlobRequestConditions {
  if (condition === null) return {};
  return "absent" in condition ? { ifNoneMatch: "*" } : { ifMatch: quoted(condition.etag) };
}
