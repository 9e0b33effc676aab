/** Says why a query is refused, and points at the place that the message names. */
export function ErrorExcerpt({ query, message }: { query: string; message: string }) {
  const [, line, column] = /\(line (\d+), column (\d+)\)/.exec(message) ?? [];
  const text = line === undefined ? undefined : query.split("\n")[Number(line) - 1];
  return (
    <div class="sql-error">
      <p>{message}</p>
      {text !== undefined && (
        <pre aria-hidden="true">
          {text.replaceAll("\t", " ")}
          {"\n"}
          {" ".repeat(Number(column) - 1)}^
        </pre>
      )}
    </div>
  );
}
