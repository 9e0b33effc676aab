/** A fault that only the operator can fix. The message names the variable; it is printed without a stack. */
export class SetupError extends Error {
  override readonly name: string = "SetupError";
}
