import { styleText } from "node:util";

/** Prints a line to stdout. */
export function print(line = ""): void {
  process.stdout.write(`${line}\n`);
}

/** Plain text when the output is not a terminal. */
export const dim = (text: string) => styleText("dim", text);
export const bold = (text: string) => styleText("bold", text);
export const green = (text: string) => styleText("green", text);
export const red = (text: string) => styleText("red", text);
