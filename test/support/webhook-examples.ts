import examples from "@octokit/webhooks-examples" with { type: "json" };

// oxlint-disable-next-line typescript/no-explicit-any -- a payload is read as GitHub documents it
export type ExamplePayload = { action: string } & Record<string, any>;

/** GitHub's examples of the webhook. */
export function examplesOf(name: string): ExamplePayload[] {
  const found = (examples as unknown as { name: string; examples: ExamplePayload[] }[]).find(
    (each) => each.name === name,
  );
  if (!found) throw new Error(`There is no example of ${name}.`);
  return found.examples;
}

/** The first example of the action. */
export function exampleOf(name: string, action: string): ExamplePayload {
  const found = examplesOf(name).find((example) => example.action === action);
  if (!found) throw new Error(`There is no example of ${name}.${action}.`);
  return found;
}
