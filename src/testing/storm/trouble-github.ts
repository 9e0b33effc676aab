import { failures, type FakeGitHub } from "../../fake-github/index.ts";
import { pickFrom } from "./acts.ts";

/** The share of requests that fail. */
const failingShare = 0.1;

const refusals = [
  failures.secondaryLimited(1),
  failures.secondaryLimited(1, 429),
  failures.serverError(502),
] as const;
const graphqlFailures = [...refusals, failures.graphqlPartial(["repository"])] as const;

/** Makes the fake GitHub fail sometimes. Returns a function that ends that. */
export function troubleGitHub(github: FakeGitHub, random: () => number): () => void {
  return github.intercept((request, next) => {
    if (random() >= failingShare) return undefined;
    const isGraphql = new URL(request.url).pathname === "/graphql";
    return pickFrom(random, isGraphql ? graphqlFailures : refusals)(request, next);
  });
}
