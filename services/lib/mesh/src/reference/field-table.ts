import { escapeHtml } from "@bellwether/contract/escape-html";
import { type ApiDocument, type ApiParameter, type ApiSchema, referenceOf } from "./api-document.ts";
import { limitsHtml, schemaLink, typeHtml, unitOf } from "./schema-words.ts";

type Schemas = ApiDocument["components"]["schemas"];

/** One row of a table of fields. */
interface Field {
  readonly name: string;
  readonly schema: ApiSchema;
  readonly isRequired: boolean;
}

/** Returns the table of the fields of a body: those of its message, or its type when it is another value. */
export function bodyTable(caption: string, schema: ApiSchema, schemas: Schemas): string {
  const name = referenceOf(schema);
  const shown = name === undefined ? schema : { ...schemas[name], ...schema };
  const title = name === undefined ? escapeHtml(caption) : `${escapeHtml(caption)}: ${schemaLink(name)}`;
  return schemaHtml(title, shown, schemas);
}

/** Returns a schema as HTML: a table of its fields, the forms it can have, or its type. @param title HTML */
export function schemaHtml(title: string, schema: ApiSchema, schemas: Schemas): string {
  if (schema.oneOf !== undefined)
    return schema.oneOf.map((one, i) => schemaHtml(`${title}, form ${i + 1}`, one, schemas)).join("");
  if (schema.properties === undefined) {
    const { $ref: _, ...own } = schema;
    const limits = limitsHtml(own);
    return `<p>${title}: ${typeHtml(own, schemas)}${limits === "" ? "" : ` (${limits})`}. ${escapeHtml(own.description ?? "")}</p>`;
  }
  const required = new Set(schema.required ?? []);
  const fields = Object.entries(schema.properties).map(
    ([name, property]): Field => ({ name, schema: property, isRequired: required.has(name) }),
  );
  const others =
    typeof schema.additionalProperties === "object"
      ? `<p>Every other name: ${typeHtml(schema.additionalProperties, schemas)}.</p>`
      : "";
  if (fields.length === 0) return `<p>${title}: no fields.</p>${others}`;
  return tableOf(title, fields, schemas) + others;
}

/** Returns the table of query parameters and headers. */
export function parameterTable(parameters: readonly ApiParameter[], schemas: Schemas): string {
  const fields = parameters.map(
    ({ name, in: place, required, schema }): Field => ({
      name: place === "query" ? name : `${name} (${place})`,
      ...{ schema, isRequired: required },
    }),
  );
  return tableOf("Parameters of the query", fields, schemas);
}

function tableOf(title: string, fields: readonly Field[], schemas: Schemas): string {
  const rows = fields.map(({ name, schema, isRequired }) => {
    const unit = unitOf(name, schema);
    return (
      `<tr><th scope="row"><code>${escapeHtml(name)}</code></th>` +
      `<td>${typeHtml(schema, schemas)}${unit === "" ? "" : `, ${unit}`}</td>` +
      `<td>${isRequired ? "required" : ""}</td><td>${limitsHtml(schema)}</td>` +
      `<td>${escapeHtml(schema.description ?? "")}</td></tr>`
    );
  });
  const head = ["Field", "Type", "Required", "Limits", "Meaning"].map((name) => `<th scope="col">${name}</th>`);
  return (
    `<div class="wide" tabindex="0" role="region" aria-label="Fields"><table><caption>${title}</caption>` +
    `<thead><tr>${head.join("")}</tr></thead><tbody>${rows.join("")}</tbody></table></div>`
  );
}
