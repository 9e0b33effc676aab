import { useState } from "preact/hooks";
import type { SqlSchema } from "../../../api/console-contract.ts";
import { api } from "../../api.ts";
import { Loaded } from "../../components/page.tsx";
import { useResource } from "../../use-resource.ts";

type SqlTable = SqlSchema["tables"][number];

const isWide = matchMedia("(min-width: 900px)");

/** The tables and columns that queries can read. A click inserts a name in the query. */
export function SchemaPanel({ onPick }: { onPick: (name: string) => void }) {
  const schema = useResource("schema", api.getSqlSchema);
  const [filter, setFilter] = useState("");
  return (
    <details class="sql-schema" open={isWide.matches}>
      <summary>
        <h2>Schema</h2>
      </summary>
      <Loaded resource={schema}>
        {({ tables }) => {
          const found = filterTables(tables, filter);
          return (
            <>
              <input
                class="input"
                type="search"
                aria-label="Filter tables and columns"
                placeholder="Filter tables and columns"
                value={filter}
                onInput={(event) => setFilter(event.currentTarget.value)}
              />
              <ul>
                {found.map((table) => (
                  <SchemaTable
                    key={`${table.schema}.${table.name}`}
                    table={table}
                    isFound={filter.trim() !== ""}
                    onPick={onPick}
                  />
                ))}
              </ul>
              {found.length === 0 && <p class="muted small">No table or column has this name.</p>}
            </>
          );
        }}
      </Loaded>
    </details>
  );
}

/** A table whose name matches keeps all its columns. */
function filterTables(tables: readonly SqlTable[], filter: string): SqlTable[] {
  const wanted = filter.trim().toLowerCase();
  return tables.flatMap((table) => {
    if (`${table.schema}.${table.name}`.includes(wanted)) return table;
    const columns = table.columns.filter(({ name }) => name.includes(wanted));
    return columns.length > 0 ? { ...table, columns } : [];
  });
}

interface SchemaTableProps {
  table: SqlTable;
  /** True when the filter matches the table, whose columns then show. */
  isFound: boolean;
  onPick: (name: string) => void;
}

function SchemaTable({ table, isFound, onPick }: SchemaTableProps) {
  const [isOpen, setOpen] = useState(false);
  const name = `${quote(table.schema)}.${quote(table.name)}`;
  const isShown = isOpen || isFound;
  return (
    <li>
      <div class="sql-schema-table">
        <button
          type="button"
          class="toggle"
          aria-expanded={isShown}
          aria-label={`Columns of ${name}`}
          onClick={() => setOpen(!isShown)}
        />
        <button type="button" class="name" title="Insert" onClick={() => onPick(name)}>
          <span class="muted">{table.schema}.</span>
          {table.name}
        </button>
      </div>
      {isShown && (
        <>
          {table.comment !== null && <p class="comment">{table.comment}</p>}
          <ul>
            {table.columns.map((column) => (
              <li key={column.name} class="sql-schema-column">
                <button type="button" class="name" title="Insert" onClick={() => onPick(quote(column.name))}>
                  {column.name}
                </button>
                <span class="muted">{shorten(column.type)}</span>
                {column.comment !== null && <p class="comment">{column.comment}</p>}
              </li>
            ))}
          </ul>
        </>
      )}
    </li>
  );
}

function quote(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

const shortTypes: Record<string, string> = {
  "timestamp with time zone": "timestamptz",
  "timestamp without time zone": "timestamp",
  "character varying": "varchar",
  "double precision": "float8",
};

function shorten(type: string): string {
  return shortTypes[type] ?? type;
}
