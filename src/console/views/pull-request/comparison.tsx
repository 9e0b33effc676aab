import { useState } from "preact/hooks";
import type { Comparison } from "../../../api/console-contract.ts";
import { api } from "../../api.ts";
import { Moment } from "../../components/time.tsx";
import { formatCount } from "../../format.ts";
import { messageOf } from "../../request.ts";
import { RawValue } from "./facts.tsx";

interface ComparisonState {
  is: "none" | "running" | "failed" | "done";
  result: Comparison | null;
  message: string;
  start: () => Promise<void>;
}

/** A comparison that the reader starts. Its result stays until the next one. */
export function useComparison(repository: string, number: number): ComparisonState {
  const [state, setState] = useState<Omit<ComparisonState, "start">>({
    is: "none",
    result: null,
    message: "",
  });
  const start = async () => {
    setState({ is: "running", result: null, message: "" });
    try {
      const result = await api.comparePullRequest(repository, number);
      setState({ is: "done", result, message: "" });
    } catch (error) {
      setState({ is: "failed", result: null, message: messageOf(error) });
    }
  };
  return { ...state, start };
}

export function ComparisonPanel({ comparison }: { comparison: ComparisonState }) {
  const { is, result, message } = comparison;
  return (
    <div class="comparison" role="status">
      {is === "running" && <p class="callout">Reading the pull request from GitHub…</p>}
      {is === "failed" && <p class="callout bad">GitHub could not be asked. {message}</p>}
      {result !== null && <Result result={result} />}
    </div>
  );
}

function Result({ result }: { result: Comparison }) {
  const { differences, exists, problems } = result;
  if (!exists)
    return (
      <div class="callout warn">
        <h2>GitHub has no such pull request any more.</h2>
        <Cost result={result} />
      </div>
    );
  if (differences.length === 0 && problems.length > 0)
    return (
      <div class="callout warn">
        <h2>No differences in what GitHub showed. It could not show everything.</h2>
        <Problems problems={problems} />
        <Cost result={result} />
      </div>
    );
  if (differences.length === 0)
    return (
      <div class="callout good">
        <h2>No differences: the copy is as GitHub has it.</h2>
        <Cost result={result} />
      </div>
    );
  return (
    <div class="callout plain">
      <h2>{formatCount(differences.length, "difference")} from GitHub</h2>
      <Cost result={result} />
      <ul class="differences">
        {differences.map(({ item, column, captured, github }) => (
          <li key={`${item} ${column}`}>
            <p>
              <bdi>{item}</bdi>
              {column !== null && <code>{column}</code>}
            </p>
            <dl>
              <div>
                <dt>Captured</dt>
                <dd>
                  <Side value={captured} isItem={column === null} />
                </dd>
              </div>
              <div>
                <dt>GitHub</dt>
                <dd>
                  <Side value={github} isItem={column === null} />
                </dd>
              </div>
            </dl>
          </li>
        ))}
      </ul>
      <Problems problems={problems} />
      <p class="small">Capture again reads the pull request from GitHub and stores what differs.</p>
    </div>
  );
}

function Problems({ problems }: { problems: readonly string[] }) {
  return (
    <ul>
      {problems.map((problem) => (
        <li key={problem}>{problem}</li>
      ))}
    </ul>
  );
}

/** A missing item is null on one side. */
function Side({ value, isItem }: { value: unknown; isItem: boolean }) {
  if (isItem) return <>{value === null ? <em>missing</em> : "present"}</>;
  return <RawValue value={value} />;
}

function Cost({ result: { compared_at, requests, points } }: { result: Comparison }) {
  return (
    <p class="small">
      Compared <Moment at={compared_at} />, with {formatCount(requests, "request")} and{" "}
      {formatCount(points, "point")} of GitHub's budget.
    </p>
  );
}
