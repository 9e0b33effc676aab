import { InvalidArgumentError, type Command } from "commander";
import { parseReference } from "../api/parse-reference.ts";

export function toNumber(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1)
    throw new InvalidArgumentError("It must be a whole number of at least 1.");
  return number;
}

/** A pull request, given as `owner/name 42`, `owner/name#42` or its address on GitHub. Ends the command when it is none of them. */
export function parsePullRequest(
  target: string,
  number: string | undefined,
  command: Command,
): { repository: string; number: number } {
  const [owner, name, digits = ""] =
    number === undefined ? (parseReference(target) ?? []) : [...target.split("/"), number];
  if (!owner || !name || !/^[1-9]\d{0,8}$/.test(digits))
    command.error("Give a pull request as owner/name 42, owner/name#42 or its address on GitHub.");
  return { repository: `${owner}/${name}`, number: Number(digits) };
}
