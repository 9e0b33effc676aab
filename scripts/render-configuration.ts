import { z } from "zod";
import { sections, variables, type VariableMeta, type VariableName } from "../src/config-variables.ts";

const markdownIntroduction = `# Configuration

pr-capture reads environment variables, and the file \`.env\` in the working directory. Values are trimmed, and an empty value means "not set". With an invalid value the
server does not start, and one message names everything that is wrong. A variable that looks like a misspelling of one below is named in a warning.

Needs Node 22.18 or later. npm scripts run on Node 24, which \`npm ci\` installs.
`;

const cli = `## The CLI

The CLI reads \`ADMIN_TOKEN\`, \`PORT\`, and:

| Variable | Default | Meaning |
| --- | --- | --- |
| \`PR_CAPTURE_URL\` | \`http://localhost:PORT\` | The server that \`npx pr-capture\` calls. |
| \`DATABASE_URL\` | | The database that \`migrate\` migrates. The command needs no other variable. |
`;

const exampleIntroduction = `# Copy this file to .env, or set the variables in the environment. An empty value means "not set".
# Without the variables of the App, \`npm start\` serves a page that registers a GitHub App and writes its credentials to .env.
# docs/configuration.md says more. It and this file are written by \`npm run docs\`.
`;

const exampleCli = `# --- The CLI ---
# The server that \`npx pr-capture\` calls. Default: localhost and PORT.
PR_CAPTURE_URL=
`;

/** Renders docs/configuration.md. */
export function toMarkdown(): string {
  const parts = sections.map(({ title, before, variables: names, after }) =>
    [
      `## ${title}\n`,
      ...(before ? [`${before}\n`] : []),
      "| Variable | Default | Meaning |",
      "| --- | --- | --- |",
      ...names.map((name) => {
        const { meaning, shownDefault } = describe(name);
        const given = defaultOf(name);
        const shown = shownDefault ?? (given === "" ? "" : `\`${given}\``);
        return `| \`${name}\` | ${shown === "" ? "" : `${shown} `}| ${meaning} |`;
      }),
      ...(after ? [`\n${after}`] : []),
      "",
    ].join("\n"),
  );
  return [markdownIntroduction, ...parts, cli].join("\n");
}

/** Renders .env.example. */
export function toExample(): string {
  const parts = sections.map(({ title, before, variables: names }) =>
    [
      `# --- ${title} ---`,
      ...(before ? [`# ${toPlain(before)}\n`] : []),
      ...names.flatMap((name) => {
        const { meaning, shownDefault } = describe(name);
        const isRequired = shownDefault === "required" ? "Required. " : "";
        return [`# ${isRequired}${toPlain(meaning)}`, `${name}=${defaultOf(name)}`];
      }),
      "",
    ].join("\n"),
  );
  return [exampleIntroduction, ...parts, exampleCli].join("\n");
}

function describe(name: VariableName): VariableMeta {
  return variables.shape[name].meta() as unknown as VariableMeta;
}

function defaultOf(name: VariableName): string {
  const schema = variables.shape[name];
  return schema instanceof z.ZodDefault ? String(schema.def.defaultValue) : "";
}

/** Removes Markdown's links. */
function toPlain(markdown: string): string {
  return markdown.replaceAll(/\[([^\]]+)\]\([^)]+\)/g, "$1");
}
