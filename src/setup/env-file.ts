import { chmod, readFile, writeFile } from "node:fs/promises";

const onlyOwner = 0o600;

/** Sets variables in a .env file that only its owner can read. Creates the file. Throws when it cannot be written or protected. */
export async function writeEnvFile(path: string, variables: Readonly<Record<string, string>>): Promise<void> {
  const before = await readFile(path, "utf8").catch(ignoreMissing);
  if (before !== null) await chmod(path, onlyOwner);
  await writeFile(path, setVariables(before ?? "", variables), { mode: onlyOwner });
}

function ignoreMissing(error: NodeJS.ErrnoException): null {
  if (error.code === "ENOENT") return null;
  throw error;
}

/** Replaces the variables' lines, and appends those that have none. */
export function setVariables(text: string, variables: Readonly<Record<string, string>>): string {
  let result = text;
  const added: string[] = [];
  for (const [name, value] of Object.entries(variables)) {
    const line = `${name}=${quote(value)}`;
    const assignment = new RegExp(
      `^[ \\t]*(?:export[ \\t]+)?${name}[ \\t]*=[ \\t]*(?:"[^"]*"|'[^']*'|\`[^\`]*\`)?[^\\n]*$`,
      "m",
    );
    if (assignment.test(result)) result = result.replace(assignment, () => line);
    else added.push(line);
  }
  if (added.length === 0) return result;
  const separator = result === "" || result.endsWith("\n") ? "" : "\n";
  return `${result}${separator}${added.join("\n")}\n`;
}

/** Lines of the format of .env, which hosts accept too. */
export function toEnvLines(variables: Readonly<Record<string, string>>): string {
  return setVariables("", variables);
}

/** Quotes a value only if it needs it, because some readers of such files take quotes literally. */
function quote(value: string): string {
  if (/^[\w.:/+=@-]*$/.test(value)) return value;
  const mark = ["'", '"', "`"].find((each) => !value.includes(each));
  if (mark === undefined || value.includes("\n")) throw new Error("The value cannot be written to .env.");
  return `${mark}${value}${mark}`;
}
