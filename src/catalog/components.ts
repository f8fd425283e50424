// The components that the project declares: their definitions as JSON, their fingerprints, and what failed to load.

import type { Failure } from "../base/failure.ts";
import type { ComponentKind } from "../define/component.ts";
import type { Definition } from "../define/definition.ts";
import type { Database, RoomMigrations } from "../ports/database.ts";

export const catalogMigrations: RoomMigrations = {
  room: "catalog",
  statements: [
    `create table catalog_components (
      id text primary key,
      kind text not null,
      name text not null,
      file text not null,
      definition text,
      fingerprint text,
      failure text,
      changed_at integer not null
    );
    create table catalog_load (
      id integer primary key,
      fingerprint text not null
    )`,
  ],
};

/** A component as it stands in the user's files. `definition` is null while its file does not load. */
export interface DeclaredComponent {
  /** `kind/name`. */
  readonly id: string;
  readonly kind: ComponentKind;
  readonly name: string;
  /** Relative to the project. */
  readonly file: string;
  readonly definition: Definition | null;
  /** Changes when the component must be run again because its definition or its code changed. */
  readonly fingerprint: string | null;
  readonly failure: Failure | null;
}

export interface Components {
  /**
   * Replaces what is declared, as of files with that fingerprint. A component whose file does not load keeps the
   * definition that loaded last.
   */
  declare(components: readonly DeclaredComponent[], fingerprint: string, atMs: number): Promise<void>;
  /** The fingerprint of the files that were declared last; undefined before the first time. */
  declaredFingerprint(): Promise<string | undefined>;
  /** In the order of their ids. A definition is the same object for as long as it stays as it is. */
  list(): Promise<DeclaredComponent[]>;
}

interface ComponentRow {
  id: string;
  kind: ComponentKind;
  name: string;
  file: string;
  definition: string | null;
  fingerprint: string | null;
  failure: string | null;
}

export function openComponents(database: Database): Components {
  /** By id: what was parsed before, so that an unchanged definition costs little to look up. */
  const parsed = new Map<string, { text: string; definition: Definition }>();
  function parse(id: string, text: string): Definition {
    const known = parsed.get(id);
    if (known?.text === text) return known.definition;
    const definition = JSON.parse(text) as Definition;
    parsed.set(id, { text, definition });
    return definition;
  }

  return {
    async declare(components, fingerprintOfFiles, atMs) {
      await database.transaction(async (tx) => {
        const known = new Map(
          (await tx.all<ComponentRow>("select * from catalog_components")).map((row) => [row.id, row]),
        );
        for (const component of components) {
          const before = known.get(component.id);
          known.delete(component.id);
          const definition =
            component.definition === null ? (before?.definition ?? null) : JSON.stringify(component.definition);
          const fingerprint = component.fingerprint ?? before?.fingerprint ?? null;
          const failure = component.failure === null ? null : JSON.stringify(component.failure);
          if (
            before?.definition === definition &&
            before?.fingerprint === fingerprint &&
            before?.failure === failure &&
            before?.file === component.file
          )
            continue;
          await tx.run(
            `insert into catalog_components (id, kind, name, file, definition, fingerprint, failure, changed_at) values (?, ?, ?, ?, ?, ?, ?, ?)
             on conflict (id) do update set file = excluded.file, definition = excluded.definition, fingerprint = excluded.fingerprint, failure = excluded.failure, changed_at = excluded.changed_at`,
            [component.id, component.kind, component.name, component.file, definition, fingerprint, failure, atMs],
          );
        }
        for (const id of known.keys()) await tx.run("delete from catalog_components where id = ?", [id]);
        await tx.run(
          "insert into catalog_load (id, fingerprint) values (1, ?) on conflict (id) do update set fingerprint = excluded.fingerprint",
          [fingerprintOfFiles],
        );
      });
    },
    async declaredFingerprint() {
      return (await database.get<{ fingerprint: string }>("select fingerprint from catalog_load where id = 1"))
        ?.fingerprint;
    },
    async list() {
      const rows = await database.all<ComponentRow>("select * from catalog_components order by id");
      return rows.map((row) => ({
        ...row,
        definition: row.definition === null ? null : parse(row.id, row.definition),
        failure: row.failure === null ? null : (JSON.parse(row.failure) as Failure),
      }));
    },
  };
}
