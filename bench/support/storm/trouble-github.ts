import { failures, type GitHub } from "../../../src/demo/github/index.ts";
import { pickFrom } from "./acts.ts";

/** How many of GitHub's answers are none. */
const failing = 0.1;

const refusals = [
  failures.secondaryLimited(1),
  failures.secondaryLimited(1, 429),
  failures.serverError(502),
] as const;
const graphqlFailures = [...refusals, failures.graphqlPartial(["repository"])] as const;

/**
 * Has GitHub fail now and then, and date its answers by the story: were they today's, they would pass for later than all that is still
 * to happen in it. A date is taken before the answer, as what happens meanwhile is not certain to be in it. Returns how to end the failures.
 */
export function troubleGitHub(github: GitHub, random: () => number, now: () => Date): () => void {
  let isFailing = true;
  github.intercept(async (request, next) => {
    const date = now().toUTCString();
    const isGraphql = new URL(request.url).pathname === "/graphql";
    const fails = isFailing && random() < failing;
    const failure = fails ? pickFrom(random, isGraphql ? graphqlFailures : refusals) : null;
    const { status, body, headers } = (await failure?.(request, next)) ?? (await next());
    const dated = new Headers(headers);
    dated.set("date", date);
    return new Response(body, { status, headers: dated });
  });
  return () => (isFailing = false);
}
