import { styleText } from "node:util";

/** A line for whoever watches. */
export function print(line = ""): void {
  process.stdout.write(`${line}\n`);
}

/** Plain where the output is no terminal. */
export const dim = (text: string) => styleText("dim", text);
export const bold = (text: string) => styleText("bold", text);
export const green = (text: string) => styleText("green", text);
export const red = (text: string) => styleText("red", text);
