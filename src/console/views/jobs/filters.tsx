import { useEffect, useRef } from "preact/hooks";
import { api } from "../../api.ts";
import { hrefOf, setQuery } from "../../router.ts";
import { useResource } from "../../use-resource.ts";
import { functionNames, reasons, toShortName, type ShownFilter } from "./job-filter.ts";

/** How long a reader rests before the text is searched. */
const restMs = 250;

export function Filters({ filter }: { filter: ShownFilter }) {
  const known = useResource("repositories to choose", api.listRepositories);
  const repositories = (known.data?.repositories ?? []).flatMap(({ repository }) => repository ?? []);
  const { state, ...others } = filter;
  return (
    <div class="filter-bar" role="search" aria-label="Jobs">
      <TextFilter text={filter.text ?? ""} />
      <Choice name="repository" label="Repository" value={filter.repository} options={repositories} />
      <Choice
        name="function"
        label="Function"
        value={filter.function}
        options={functionNames}
        toText={toShortName}
      />
      <Choice name="reason" label="Reason" value={filter.reason} options={reasons} />
      {Object.keys(others).length > 0 && (
        <a class="button quiet" href={hrefOf(["jobs"], { state })}>
          Clear
        </a>
      )}
    </div>
  );
}

function TextFilter({ text }: { text: string }) {
  const input = useRef<HTMLInputElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => {
    if (input.current && document.activeElement !== input.current) input.current.value = text;
  }, [text]);
  useEffect(() => () => clearTimeout(timer.current), []);
  return (
    <input
      ref={input}
      class="input"
      type="search"
      aria-label="Search jobs"
      placeholder="Repository, #number, event id or error"
      defaultValue={text}
      maxLength={200}
      spellcheck={false}
      onInput={(event) => {
        const typed = event.currentTarget.value.trim();
        clearTimeout(timer.current);
        timer.current = setTimeout(() => setQuery({ text: typed }), restMs);
      }}
    />
  );
}

interface ChoiceProps {
  name: string;
  label: string;
  value: string | undefined;
  options: readonly string[];
  toText?: (option: string) => string;
}

function Choice({ name, label, value, options, toText = String }: ChoiceProps) {
  const all = value === undefined || options.includes(value) ? options : [value, ...options];
  return (
    <select
      class={`select ${value === undefined ? "" : "chosen"}`}
      aria-label={label}
      value={value ?? ""}
      onChange={(event) => setQuery({ [name]: event.currentTarget.value })}
    >
      <option value="">{label}</option>
      {all.map((option) => (
        <option key={option} value={option}>
          {toText(option)}
        </option>
      ))}
    </select>
  );
}
