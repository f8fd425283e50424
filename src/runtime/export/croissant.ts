// Describes an exported file as a data set in Croissant 1.0 (MLCommons), the JSON-LD that data set searches and loaders read.

import type { ExportColumn, ExportFacts } from "./export-rows.ts";

export interface CroissantInput {
  readonly facts: ExportFacts;
  readonly columns: readonly ExportColumn[];
  readonly file: {
    readonly name: string;
    readonly format: "arrow" | "csv" | "parquet";
    readonly bytes: number;
    readonly sha256: string;
  };
  readonly at: Date;
}

const encodings = {
  arrow: "application/vnd.apache.arrow.file",
  csv: "text/csv",
  parquet: "application/x-parquet",
} as const;

const dataTypes: Readonly<Record<ExportColumn["type"], string>> = {
  number: "sc:Float",
  boolean: "sc:Boolean",
  time: "sc:DateTime",
  category: "sc:Text",
  text: "sc:Text",
  vector: "sc:Float",
};

/** The context that the specification asks for (https://docs.mlcommons.org/croissant/docs/croissant-spec.html, 1.0). */
const context = {
  "@language": "en",
  "@vocab": "https://schema.org/",
  citeAs: "cr:citeAs",
  column: "cr:column",
  conformsTo: "dct:conformsTo",
  cr: "http://mlcommons.org/croissant/",
  rai: "http://mlcommons.org/croissant/RAI/",
  data: { "@id": "cr:data", "@type": "@json" },
  dataType: { "@id": "cr:dataType", "@type": "@vocab" },
  dct: "http://purl.org/dc/terms/",
  equivalentProperty: "cr:equivalentProperty",
  examples: { "@id": "cr:examples", "@type": "@json" },
  extract: "cr:extract",
  field: "cr:field",
  fileProperty: "cr:fileProperty",
  fileObject: "cr:fileObject",
  fileSet: "cr:fileSet",
  format: "cr:format",
  includes: "cr:includes",
  isLiveDataset: "cr:isLiveDataset",
  jsonPath: "cr:jsonPath",
  key: "cr:key",
  md5: "cr:md5",
  parentField: "cr:parentField",
  path: "cr:path",
  recordSet: "cr:recordSet",
  references: "cr:references",
  regex: "cr:regex",
  repeated: "cr:repeated",
  replace: "cr:replace",
  samplingRate: "cr:samplingRate",
  sc: "https://schema.org/",
  separator: "cr:separator",
  source: "cr:source",
  subField: "cr:subField",
  transform: "cr:transform",
};

export function croissant({ facts, columns, file, at }: CroissantInput) {
  const ids = new Map(columns.map(({ name }, index) => [name, `rows/${plainId(name, index)}`]));
  const key = facts.key.flatMap((name) => ids.get(name) ?? []);
  const urls = facts.sources.filter((source) => /^https?:\/\//.test(source));
  return {
    "@context": context,
    "@type": "sc:Dataset",
    name: facts.title,
    description: facts.description,
    conformsTo: "http://mlcommons.org/croissant/1.0",
    ...(facts.license === null ? {} : { license: facts.license }),
    ...(urls.length === 0 ? {} : { url: urls[0] }),
    ...(facts.sources.length === 0 ? {} : { isBasedOn: facts.sources.length === 1 ? facts.sources[0] : facts.sources }),
    datePublished: at.toISOString().slice(0, 10),
    version: "1.0.0",
    distribution: [
      {
        "@type": "cr:FileObject",
        "@id": "file",
        name: file.name,
        contentUrl: encodeURI(file.name).replace(/[?#]/g, encodeURIComponent),
        contentSize: `${file.bytes} B`,
        encodingFormat: encodings[file.format],
        sha256: file.sha256,
      },
    ],
    recordSet: [
      {
        "@type": "cr:RecordSet",
        "@id": "rows",
        name: "rows",
        description: "One record a row of the file",
        ...(key.length === 0 ? {} : { key: key.map((id) => ({ "@id": id })) }),
        field: columns.map((column) => ({
          "@type": "cr:Field",
          "@id": ids.get(column.name),
          name: column.name,
          description: wordsOf(column),
          ...dataTypeOf(column, file.format),
          source: { fileObject: { "@id": "file" }, extract: { column: column.name } },
        })),
      },
    ],
  };
}

/** In CSV a vector is a text of JSON. */
function dataTypeOf({ type }: ExportColumn, format: CroissantInput["file"]["format"]) {
  if (type !== "vector") return { dataType: dataTypes[type] };
  return format === "csv" ? { dataType: dataTypes.text } : { dataType: dataTypes.vector, repeated: true };
}

/** Ids are IRIs: a name that is no part of one is known by its place. */
function plainId(name: string, index: number): string {
  return /^[A-Za-z][\w-]*$/.test(name) ? name : `column-${index + 1}`;
}

function wordsOf({ name, role, unit, description }: ExportColumn): string {
  const parts = [description ?? name, ...(unit === null ? [] : [`in ${unit}`])];
  return `${parts.join(", ")} (${role})`;
}
